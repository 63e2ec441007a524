"""The contract that every store keeps: one abstract class of tests.

Whoever writes a store makes a subclass in a test file and gives it a fixture ``store``::

    class TestMyStore(StoreContract):
        @pytest.fixture
        def store(self):
            store = MyStore(...)
            yield store
            store.close()

It needs pytest. `opening` and `following` make changes by hand for further tests of a store.
"""

from lockroutine.testing.stores.changes import following, opening
from lockroutine.testing.stores.coming_back import ComingBack
from lockroutine.testing.stores.effects import HandingOut
from lockroutine.testing.stores.finding import Finding
from lockroutine.testing.stores.races import Races
from lockroutine.testing.stores.threads import Threads
from lockroutine.testing.stores.transactions import AllOrNothing
from lockroutine.testing.stores.waiting import Waiting

__all__ = ["StoreContract", "following", "opening"]


class StoreContract(AllOrNothing, Races, Threads, ComingBack, Finding, Waiting, HandingOut):
    """The tests that every store passes. A subclass gives the fixture ``store``: an empty store.

    What each test claims stands in its docstring.
    """
