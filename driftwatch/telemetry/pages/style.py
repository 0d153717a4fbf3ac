"""The style sheet: one for light and dark, for wide and narrow, for pages and for the report."""

from __future__ import annotations

from typing import Final

STYLE: Final = """\
:root { color-scheme: light dark;
  --page: #f5f6f8; --card: #ffffff; --raised: #f0f2f5; --ink: #171a1f; --soft: #565e69; --line: #dfe3e8;
  --link: #1a56b8; --now: #2563c9; --then: #a3acb8; --band: #2563c926; --track: #eceff3;
  --ok: #1a7444; --ok-back: #e3f4ea; --ok-fill: #4dae7b;
  --warning: #8a5200; --warning-back: #fdf0d8; --warning-fill: #e0a030;
  --drift: #b3201b; --drift-back: #fde7e5; --drift-fill: #d8483f;
  --quiet: #565e69; --quiet-back: #eceff3; --quiet-fill: #c3cad3;
  --h0: #eef1f5; --h1: #d9e4f5; --h2: #fbe3b4; --h3: #f3ae7a; --h4: #d8483f; --h4-ink: #ffffff; }
@media (prefers-color-scheme: dark) { :root {
  --page: #0f1216; --card: #171b21; --raised: #1e232a; --ink: #e7eaee; --soft: #a2abb7; --line: #2b323b;
  --link: #82b1ff; --now: #6ea3f5; --then: #5c6673; --band: #6ea3f533; --track: #232930;
  --ok: #6fd49b; --ok-back: #16301f; --ok-fill: #37925f;
  --warning: #f1bb62; --warning-back: #35270f; --warning-fill: #b98225;
  --drift: #ff948c; --drift-back: #3d1a19; --drift-fill: #d2524a;
  --quiet: #a2abb7; --quiet-back: #232930; --quiet-fill: #49525e;
  --h0: #1e242b; --h1: #20344f; --h2: #54431c; --h3: #7a4420; --h4: #b83a33; --h4-ink: #ffffff; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "DejaVu Sans", sans-serif; }
a { color: var(--link); text-underline-offset: .15em; }
a:focus-visible, summary:focus-visible, .scroll:focus-visible, pre:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 3px; }
.skip { position: absolute; left: -999px; } .skip:focus { left: 1rem; top: .6rem; background: var(--card); padding: .3rem .6rem; z-index: 1; }
.top { display: flex; flex-wrap: wrap; gap: .4rem 1.5rem; align-items: center; justify-content: space-between;
  background: var(--card); border-bottom: 1px solid var(--line); padding: .7rem max(1rem, calc((100% - 73rem) / 2)); }
.brand { display: inline-flex; align-items: center; gap: .55rem; font-weight: 650; font-size: 1.06rem; color: var(--ink); text-decoration: none; }
.top nav { display: flex; gap: 1.2rem; } .top nav a { text-decoration: none; } .top nav a:hover { text-decoration: underline; }
.mark-back { fill: var(--now); } .mark-curve { fill: none; stroke: #fff; stroke-width: 2.2; stroke-linecap: round; }
.mark-level { stroke: #fff; stroke-width: 1.4; stroke-opacity: .65; stroke-linecap: round; }
main { max-width: 75rem; margin: 0 auto; padding: 1.2rem 1rem 2rem; }
footer { max-width: 75rem; margin: 0 auto; padding: 0 1rem 2.5rem; color: var(--soft); font-size: .86rem; overflow-wrap: anywhere; }
.trail { list-style: none; display: flex; gap: .4rem; margin: 0 0 .5rem; padding: 0; font-size: .9rem; }
.trail li::after { content: "/"; color: var(--soft); margin-left: .4rem; }
h1 { font-size: 1.55rem; line-height: 1.25; letter-spacing: -.01em; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.02rem; line-height: 1.35; margin: 0 0 .6rem; font-weight: 620; } h3 { font-size: .95rem; margin: 1rem 0 .4rem; }
p { margin: 0 0 .5rem; } ul { margin: .2rem 0 .4rem; padding-left: 1.1rem; } b { font-weight: 620; }
.head { margin-bottom: 1.1rem; } .part { margin: 2.6rem 0 1rem; } .part h1 { font-size: 1.3rem; } main > .card { margin-bottom: 1rem; } .verdict { margin: .45rem 0 0; overflow-wrap: anywhere; }
.soft, .none, .about, small { color: var(--soft); } .about { margin-top: -.35rem; font-size: .9rem; } small { font-size: .86rem; }
.nb { white-space: nowrap; } .ink-warning { color: var(--warning); font-weight: 600; }
.badge { display: inline-block; padding: .04rem .5rem; border-radius: 1rem; font-size: .86rem; font-weight: 600; white-space: nowrap; }
.b-ok { color: var(--ok); background: var(--ok-back); } .b-warning { color: var(--warning); background: var(--warning-back); }
.b-drift { color: var(--drift); background: var(--drift-back); }
.b-insufficient, .b-learning { color: var(--quiet); background: var(--quiet-back); }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(10rem, max-content)); gap: .5rem 1.8rem; margin: .9rem 0 0; }
.facts dt { color: var(--soft); font-size: .84rem; } .facts dd { margin: 0; max-width: 34rem; overflow-wrap: anywhere; }
.chosen { display: flex; flex-wrap: wrap; gap: .4rem 1.6rem; margin: 0 0 1.1rem; font-size: .92rem; }
.chosen > div { display: flex; flex-wrap: wrap; gap: .4rem; align-items: baseline; } .chosen .title { color: var(--soft); }
.chosen a { padding: .05rem .55rem; border: 1px solid var(--line); border-radius: 1rem; text-decoration: none; background: var(--card); overflow-wrap: anywhere; }
.chosen a[aria-current] { background: var(--ink); color: var(--card); border-color: var(--ink); }
.cards { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1rem; margin-top: 1rem; }
.card, .loud article, .five { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; }
.card { padding: 1rem 1.1rem; min-width: 0; } .wide { grid-column: 1 / -1; }
.loud { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(27rem, 100%), 1fr)); gap: .7rem; margin-bottom: 1rem; }
.loud article { padding: .8rem 1.1rem; border-left: 4px solid var(--drift-fill); } .loud .of-warning { border-left-color: var(--warning-fill); } .loud p { margin: 0 0 .15rem; }
.answer { font-size: 1.08rem; font-weight: 550; overflow-wrap: anywhere; }
.notice { background: var(--drift-back); border-radius: .6rem; padding: .7rem 1.1rem; margin-top: .7rem; }
.five { display: grid; grid-template-columns: repeat(5, minmax(0, 1fr)); }
.five section { padding: 1rem 1.05rem .8rem; border-left: 1px solid var(--line); min-width: 0; } .five section:first-child { border-left: 0; }
.five h2 { color: var(--soft); font-size: .86rem; font-weight: 600; margin-bottom: .3rem; } .five p, .five li { overflow-wrap: anywhere; font-size: .92rem; }
.five .answer { font-size: 1.05rem; line-height: 1.4; margin-bottom: .45rem; }
.trends, .pairs { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(21rem, 100%), 1fr)); gap: 1.2rem 1.6rem; }
figure { margin: 0; min-width: 0; } figcaption { font-size: .9rem; margin-bottom: .4rem; overflow-wrap: anywhere; }
figcaption .said { display: block; } figcaption .said small { display: block; line-height: 1.4; }
.key { display: inline-flex; flex-wrap: wrap; gap: .1rem .9rem; color: var(--soft); font-size: .86rem; } .key span { white-space: nowrap; }
.k { display: inline-block; width: .75em; height: .75em; border-radius: .15em; margin-right: .35em; background: var(--quiet-fill); }
figure svg { display: block; width: 100%; max-width: 31rem; height: auto; overflow: visible; }
.strip { display: block; width: 7.5rem; height: .75rem; margin-top: .4rem; } time { white-space: nowrap; } .five time { white-space: normal; }
details { margin-top: .35rem; font-size: .9rem; } summary { cursor: pointer; color: var(--soft); width: max-content; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .42rem 1rem .42rem 0; border-bottom: 1px solid var(--line); }
tr:last-child td { border-bottom: 0; } th, caption { color: var(--soft); font-weight: 550; font-size: .86rem; } th { white-space: nowrap; }
caption { text-align: left; padding: .8rem 0 .2rem; } td { overflow-wrap: anywhere; min-width: 6.2rem; font-variant-numeric: tabular-nums; }
td ul { margin: 0; } td:first-child { min-width: 8.6rem; } code, pre { font: .92em/1.45 ui-monospace, "SFMono-Regular", "DejaVu Sans Mono", monospace; }
pre { overflow-x: auto; padding: .6rem .8rem; border: 1px solid var(--line); border-radius: .4rem; background: var(--card); }
text { fill: var(--ink); font-size: 12px; font-family: inherit; font-variant-numeric: tabular-nums; }
.tick, .soft, .small.soft { fill: var(--soft); } .tick { font-size: 11px; } .small { font-size: 11px; } .note { fill: var(--soft); font-size: 11px; paint-order: stroke; stroke: var(--card); stroke-width: 4px; stroke-linejoin: round; } .cell { font-size: 11px; }
.grid { stroke: var(--line); } .level { stroke: var(--soft); stroke-dasharray: 5 4; } .limit { stroke: var(--ink); stroke-width: 1.5; }
.curve { fill: none; stroke: var(--now); stroke-width: 2; stroke-linejoin: round; } .past { fill: none; stroke: var(--then); stroke-width: 1.6; }
.band { fill: var(--band); stroke: none; } .point { fill: var(--now); } .last { fill: var(--now); stroke: var(--card); stroke-width: 1.5; }
.whisker { stroke: var(--now); stroke-width: 1.8; } .count, .track { fill: var(--track); } .then { fill: var(--then); } .now { fill: var(--now); }
.expected { fill: var(--band); stroke: var(--now); stroke-dasharray: 3 2; stroke-width: .8; }
.v-ok { fill: var(--ok-fill); } .v-warning { fill: var(--warning-fill); } .v-drift { fill: var(--drift-fill); }
.v-pending { fill: var(--warning-fill); fill-opacity: .45; } .v-insufficient, .v-learning { fill: var(--quiet-fill); }
.k.v-ok { background: var(--ok-fill); } .k.v-warning { background: var(--warning-fill); } .k.v-drift { background: var(--drift-fill); }
.k.v-pending { background: var(--warning-fill); opacity: .45; } .k.now, .k.last { background: var(--now); } .k.then, .k.past { background: var(--then); }
.k.band { background: var(--band); } .k.expected { background: var(--band); outline: 1px dashed var(--now); outline-offset: -1px; }
.h-none { fill: none; stroke: var(--line); } .h0 { fill: var(--h0); } .h1 { fill: var(--h1); } .h2 { fill: var(--h2); } .h3 { fill: var(--h3); } .h4 { fill: var(--h4); }
.k.h0 { background: var(--h0); } .k.h1 { background: var(--h1); } .k.h2 { background: var(--h2); } .k.h3 { background: var(--h3); } .k.h4 { background: var(--h4); }
.h4-ink { fill: var(--h4-ink); } .h-none-ink { fill: var(--soft); }
@media (max-width: 62rem) { .five { grid-template-columns: repeat(2, minmax(0, 1fr)); } .five section { border-left: 0; border-top: 1px solid var(--line); }
  .five section:first-child { grid-column: 1 / -1; border-top: 0; } }
@media (max-width: 52rem) { .cards { grid-template-columns: minmax(0, 1fr); } .facts { grid-template-columns: minmax(0, 1fr); } }
@media (max-width: 34rem) { .five { grid-template-columns: minmax(0, 1fr); } h1 { font-size: 1.3rem; } .scroll table { min-width: 22rem; } .scroll td { min-width: 7.6rem; } .broad table { min-width: 60rem; } .card { padding: .85rem .8rem; } text { font-size: 13px; } .tick, .small, .note, .cell { font-size: 12px; } }
@media print { .top nav, .chosen, .skip { display: none; } .card, .five { break-inside: avoid; } body { background: #fff; } }
"""
