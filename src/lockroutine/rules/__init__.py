"""Rule packs: what they may say, how they are read, and what is checked before one is used."""
