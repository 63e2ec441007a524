"""How the rule book looks, on a screen and on paper."""

from __future__ import annotations

from lockroutine.pictures.metrics import FAMILY
from lockroutine.pictures.palette import FAINT, INK, LINES, PAPER, QUIET, SHADE

__all__ = ["STYLE"]

STYLE = f"""
:root {{ color: {INK}; background: {PAPER}; font: 15px/1.5 {FAMILY}; }}
* {{ box-sizing: border-box; }}
body {{ margin: 0 auto; max-width: 1180px; padding: 0 28px 80px; }}
h1, h2, h3, h4 {{ line-height: 1.2; margin: 0 0 .4em; break-after: avoid; }}
h1 {{ font-size: 34px; margin-top: 56px; }}
h2 {{ font-size: 25px; margin-top: 72px; padding-top: 14px; border-top: 4px solid {INK}; }}
h3 {{ font-size: 18px; margin-top: 36px; }}
h4 {{ font-size: 15px; margin-top: 22px; }}
p {{ margin: 0 0 .7em; max-width: 74ch; orphans: 3; widows: 3; }}
.lead {{ font-size: 17px; color: {QUIET}; }}
.quiet {{ color: {QUIET}; }}
a {{ color: #1b4f86; text-underline-offset: 2px; }}
a:focus-visible, .wide:focus-visible {{ outline: 3px solid #1b4f86; outline-offset: 2px; }}
code {{ font: 13px/1.4 ui-monospace, Consolas, 'Liberation Mono', monospace;
  overflow-wrap: anywhere; }}
.skip {{ position: absolute; left: -9999px; }}
.skip:focus {{ position: static; }}
nav ol {{ columns: 3 230px; padding-left: 1.4em; margin: 0; }}
nav ol ol {{ columns: 1; padding-left: 1.1em; }}
nav li {{ break-inside: avoid; margin-bottom: .25em; }}
.wide {{ overflow-x: auto; }}
table {{ border-collapse: collapse; width: 100%; margin: 6px 0 20px; font-size: 14px; }}
caption {{ text-align: left; font-weight: bold; padding: 4px 0 6px; }}
th, td {{ border-bottom: 1px solid {FAINT}; padding: 7px 10px 7px 0; text-align: left;
  vertical-align: top; }}
thead th {{ border-bottom: 2px solid {INK}; font-size: 13px; }}
tbody th {{ font-weight: bold; }}
tbody.group th[scope=rowgroup] {{ background: {SHADE}; padding-left: 8px; }}
tr {{ break-inside: avoid; }}
thead {{ display: table-header-group; }}
td ul, td ol {{ margin: 0; padding-left: 1.1em; }}
td li {{ margin-bottom: .3em; }}
.otherwise {{ color: {QUIET}; }}
.safeguard {{ color: #a11622; font-weight: bold; }}
.tag {{ display: inline-block; border: 1px solid {LINES}; border-radius: 9px; padding: 0 8px;
  font-size: 12px; margin: 0 4px 3px 0; white-space: nowrap; }}
.badge {{ display: inline-block; min-width: 28px; border: 1.5px solid; border-radius: 5px;
  padding: 0 5px; font-size: 12px; font-weight: bold; line-height: 18px; text-align: center;
  print-color-adjust: exact; -webkit-print-color-adjust: exact; }}
.matrix td, .matrix thead th {{ text-align: center; padding: 5px 3px; }}
.matrix tbody th {{ font-weight: normal; }}
.matrix tbody.group th[scope=rowgroup] {{ font-weight: bold; }}
.hidden {{ position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap; }}
figure {{ margin: 12px 0 24px; }}
figure svg {{ display: block; max-width: 100%; height: auto; }}
dl {{ display: grid; grid-template-columns: max-content 1fr; gap: 6px 14px; }}
dd {{ margin: 0; }}
pre {{ font: 13px/1.45 {FAMILY}; white-space: pre-wrap; margin: 0; overflow-wrap: anywhere; }}
@page {{ size: A4; margin: 16mm 14mm 18mm; @bottom-right {{ content: counter(page); }} }}
@page large {{ size: A3; margin: 14mm; }}
@media print {{
  :root {{ font-size: 10pt; }}
  body {{ max-width: none; padding: 0; }}
  .skip {{ display: none; }}
  h1 {{ margin-top: 0; }}
  h2 {{ margin-top: 24pt; border-top-width: 2pt; }}
  .chapter {{ break-before: page; }}
  .chapter > h2, .sheet > h2 {{ margin-top: 0; }}
  #reading, #roles {{ break-before: auto; }}
  #reading > h2, #roles > h2 {{ margin-top: 24pt; }}
  .wide {{ overflow: visible; }}
  table {{ font-size: 8.5pt; line-height: 1.35; }}
  th, td {{ padding: 3.5pt 7pt 3.5pt 0; }}
  thead th {{ font-size: 8pt; }}
  .badge {{ font-size: 7.5pt; line-height: 11pt; min-width: 18pt; padding: 0 2pt; }}
  .matrix td, .matrix thead th {{ padding: 2pt 1pt; }}
  a {{ color: inherit; text-decoration: none; }}
  figure {{ break-inside: avoid; margin: 0; }}
  figure svg {{ max-width: 100%; max-height: 225mm; width: auto; margin: 0 auto; }}
  .large {{ page: large; break-after: page; }}
  .large figure svg {{ max-height: 368mm; }}
}}
"""
