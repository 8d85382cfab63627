/** The style sheet of every page. */
export const style: string = `
:root { color-scheme: light dark; --ink: #1c2430; --soft: #566273; --paper: #fbfbf9; --card: #fff;
  --line: #d9dde3; --link: #0b57a4; --mark: #14695a; --code: #eef1f4; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ee; --soft: #a3afbf; --paper: #12161c;
  --card: #191f28; --line: #313a47; --link: #8ec1ff; --mark: #7fd6c2; --code: #232b36; --bad: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 0 1.25rem 3rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
a { color: var(--link); text-underline-offset: .15em; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 2px; }
main:focus { outline: none; }
header { display: flex; flex-wrap: wrap; gap: .5rem 1.25rem; align-items: center;
  padding: .9rem 0; border-bottom: 1px solid var(--line); }
.home { font-weight: 700; color: var(--mark); text-decoration: none; margin-right: auto; }
.sender { display: flex; flex-wrap: wrap; gap: .3rem .6rem; align-items: center; color: var(--soft); }
.sender p { display: flex; flex-wrap: wrap; gap: .2rem .9rem; margin: 0; }
form { display: flex; gap: .4rem; }
input, button { font: inherit; color: inherit; padding: .35rem .7rem; border-radius: 6px;
  border: 1px solid var(--line); background: var(--card); min-width: 0; }
button { cursor: pointer; background: var(--code); }
.trail { display: flex; flex-wrap: wrap; list-style: none; padding: 0; margin: .9rem 0 0; color: var(--soft); }
.trail li + li::before { content: '/'; padding: 0 .5rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 1.1rem 0; }
h2 { font-size: 1.1rem; margin: 1.8rem 0 .6rem; }
code, pre, .made { font: .875em/1.5 ui-monospace, monospace; }
.made { white-space: pre-wrap; min-width: 16rem; }
.names { list-style: none; padding: 0; columns: 20rem; column-gap: 2rem; }
.names li { padding: .3rem 0; break-inside: avoid; }
.commands, .plain { list-style: none; padding: 0; margin: 0; }
.commands code { display: block; background: var(--code); border-radius: 6px; padding: .45rem .7rem; margin: .35rem 0; }
.scroll { position: relative; overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; background: var(--card); }
table { border-collapse: collapse; width: 100%; overflow-wrap: normal; }
th, td { text-align: left; vertical-align: top; padding: .5rem .8rem; border-top: 1px solid var(--line); }
thead th { border-top: 0; color: var(--soft); font-weight: 500; font-size: .875rem; white-space: nowrap; }
tbody th { font-weight: 600; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
time, td code { white-space: nowrap; }
dl { display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; gap: .3rem 1.25rem; margin: 0; }
dt { color: var(--soft); } dd { margin: 0; white-space: pre-wrap; }
dd ul { white-space: normal; }
pre { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: .8rem;
  overflow-x: auto; overflow-wrap: normal; }
details { margin: 1rem 0; } summary { cursor: pointer; }
.note { border: 1px solid var(--mark); border-radius: 8px; background: var(--card); padding: 0 1rem; }
.fault { border-left: 4px solid var(--bad); background: var(--card); padding: .5rem .8rem; max-width: 34rem; }
[aria-invalid] { border-color: var(--bad); }
.fields { display: grid; gap: .4rem; max-width: 34rem; } .fields button { justify-self: start; margin-top: .4rem; }
form + .scroll { margin-top: 1rem; }
meter { width: 7rem; vertical-align: middle; }
.compare { flex-wrap: wrap; align-items: center; margin: 1rem 0; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: -99rem; } .skip:focus { left: 1rem; top: .5rem; background: var(--card); padding: .4rem .8rem; }
@media (max-width: 34rem) {
  header [role=search] { order: 3; width: 100%; } header input { flex: 1; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .6rem; }
}
`

export const icon: string =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#14695a"/><path d="M3 5h10M3 8h10M3 11h10" stroke="#fff" stroke-width="1.6"/></svg>'
