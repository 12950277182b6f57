/** How the page looks. No picture, no font and nothing else from elsewhere; light and dark by variables. */
const light = `--ground:#f6f7f9;--paper:#fff;--ink:#1b1f24;--faint:#57606a;--line:#d0d7de;--link:#0550ae;
--good:#11632b;--warn:#7a4d00;--bad:#a40e26;--none:#57606a;--focus:#0550ae;--observe:#0a3069;--act:#11632b;--stop:#a40e26;`;
const dark = `--ground:#0d1117;--paper:#161b22;--ink:#e6edf3;--faint:#9da7b3;--line:#3d444d;--link:#79c0ff;
--good:#56d364;--warn:#e3b341;--bad:#ff9492;--none:#9da7b3;--focus:#79c0ff;--observe:#0a3069;--act:#0f5323;--stop:#8e1519;`;

export const style = `
:root{color-scheme:light;${light}}
@media (prefers-color-scheme:dark){:root{color-scheme:dark;${dark}}}
:root[data-theme=light]{color-scheme:light;${light}}
:root[data-theme=dark]{color-scheme:dark;${dark}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.45 system-ui,"Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif}
a{color:var(--link)}
h1{font-size:1.35rem;margin:.4rem 0}
h2{font-size:1rem;margin:.2rem 0 .4rem}
button,input{font:inherit;color:inherit;background:var(--paper);border:1px solid var(--line);border-radius:.35rem;padding:.25rem .6rem}
button{cursor:pointer}
button:hover{border-color:var(--focus)}
button.main,button[aria-pressed=true]{background:var(--observe);border-color:var(--observe);color:#fff}
button:disabled{opacity:.7;cursor:default}
:focus-visible{outline:3px solid var(--focus);outline-offset:2px}
.card:focus-visible{outline-offset:-3px}
main:focus{outline:none}
.unseen,.skip:not(:focus){position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.bar{position:sticky;top:0;z-index:2;display:flex;flex-wrap:wrap;gap:.3rem 1rem;align-items:center;padding:.5rem 1rem;color:#fff;background:#3b434c}
.bar.observe,.bar.ask{background:var(--observe)}
.bar.act{background:var(--act)}
.bar.disarmed{background:var(--stop)}
.bar a{color:#fff}
.bar button{background:transparent;border-color:#ffffffb0;color:#fff}
.bar .switches{margin-left:auto;display:flex;gap:.4rem;flex-wrap:wrap}
.bar .link.stale,.bar .storm,.bar .open.some{background:#fff;color:#a40e26;border-radius:.35rem;padding:.1rem .5rem;font-weight:600}
nav{display:flex;flex-wrap:wrap;gap:.2rem;padding:.4rem 1rem;border-bottom:1px solid var(--line);background:var(--paper)}
nav a{padding:.25rem .7rem;border-radius:.35rem;text-decoration:none}
nav a[aria-current=page]{background:var(--observe);color:#fff}
main{padding:.5rem 1rem 3rem;max-width:110rem;margin:0 auto}
.login{max-width:34rem}
.login form{display:grid;gap:.5rem}
pre{white-space:pre-wrap;background:var(--paper);border:1px solid var(--line);padding:.6rem;border-radius:.35rem}
.faint{color:var(--faint)}
.problem{color:var(--bad);font-weight:600}
.notice{display:flex;gap:1rem;align-items:center;padding:.5rem .8rem;margin:.3rem 0;border:1px solid;border-radius:.4rem;background:var(--paper)}
.notice.good{color:var(--good)}
.notice.bad{color:var(--bad)}
.tone-good{color:var(--good)}
.tone-warn{color:var(--warn)}
.tone-bad{color:var(--bad)}
.tone-none{color:var(--none)}
.tally,.legend{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;margin:.3rem 0}
.legend{font-size:.85rem;color:var(--faint);margin-top:1rem}
.tools{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:center;margin:.5rem 0}
.tools input{min-width:min(20rem,100%)}
.choices{display:inline-flex;gap:.3rem}
.group{margin-top:.8rem}
.cards{list-style:none;margin:0;padding:0;display:grid;gap:.5rem;grid-template-columns:repeat(auto-fill,minmax(11.5rem,1fr));grid-auto-rows:6.6rem}
.cards li{content-visibility:auto;contain:strict}
.card{position:relative;display:grid;height:100%;overflow:hidden;gap:.05rem;padding:.5rem .7rem;background:var(--paper);border:1px solid var(--line);border-left:.4rem solid currentColor;border-radius:.4rem;text-decoration:none}
.card i{font-style:normal}
.card span{white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.card .name{color:var(--ink);font-weight:600}
.card .servers{color:var(--faint);font-size:.85rem}
.card .lights{display:flex;gap:.5rem;font-size:.85rem;white-space:nowrap}
.card:hover{border-color:var(--focus)}
.split{display:grid;gap:0 1.2rem;grid-template-columns:minmax(0,1fr)}
@media (min-width:75rem){.split{grid-template-columns:minmax(0,1fr) minmax(0,32rem)}}
details summary{cursor:pointer;color:var(--link);padding:.2rem 0}
.panel{background:var(--paper);border:1px solid var(--line);border-radius:.5rem;padding:.6rem .9rem;margin:.8rem 0;min-width:0}
.columns{display:grid;gap:0 .8rem;grid-template-columns:repeat(auto-fit,minmax(min(22rem,100%),1fr))}
.headline{font-size:1.1rem;font-weight:600;margin:.2rem 0 .6rem}
.facts{display:flex;flex-wrap:wrap;gap:.3rem 1.6rem;margin:.4rem 0}
.facts dt{color:var(--faint);font-size:.85rem}
.facts dd{margin:0}
.buttons{display:flex;flex-wrap:wrap;gap:.4rem;margin:.5rem 0}
.verbs{display:flex;flex-wrap:wrap;gap:.25rem}
.lines,.log,.timeline,.breakable,.broken{margin:0;padding:0;list-style:none}
.lines li,.timeline li{padding:.15rem 0;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
.lines li:last-child,.timeline li:last-child{border:0}
.log{max-height:22rem;overflow:auto}
.log li,.timeline li{display:flex;flex-wrap:wrap;gap:.1rem .8rem}
.log time,.timeline time{color:var(--faint);font-variant-numeric:tabular-nums;white-space:nowrap}
.log span,.timeline span{flex:1 1 16rem;overflow-wrap:anywhere}
.log .level-error span,.log .level-alert span{font-weight:600}
.breakable li{display:flex;flex-wrap:wrap;gap:.2rem .8rem;align-items:center;padding:.25rem 0}
.breakable .fault{font-weight:600;min-width:13rem}
.breakable .faint{flex:1 1 14rem;font-size:.9rem}
.targets{display:flex;flex-wrap:wrap;gap:.25rem}
.broken{margin-top:.5rem}
.broken li{display:flex;gap:.8rem;align-items:center;color:var(--bad);padding:.15rem 0}
.broken button{color:var(--ink)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.3rem .8rem .3rem 0;border-bottom:1px solid var(--line);vertical-align:top}
td{overflow-wrap:anywhere}
th{color:var(--faint);font-weight:500;white-space:nowrap}
.charts{display:grid;gap:.8rem;grid-template-columns:repeat(auto-fit,minmax(min(18rem,100%),1fr))}
figure{margin:0}
figure p{margin:0;font-size:.85rem}
svg.chart{width:100%;height:4rem;display:block}
svg .axis{stroke:var(--line)}
svg .curve{fill:none;stroke:var(--link);stroke-width:1.5;vector-effect:non-scaling-stroke}
svg.bar{width:14rem;height:1.2rem;padding:0;background:none;position:static;display:block}
svg .track{fill:var(--line)}
svg.done .length{fill:var(--good)}
svg.running .length{fill:var(--link)}
svg.failed .length{fill:var(--bad)}
svg.waiting .length{fill:var(--none)}
dialog{border:1px solid var(--line);border-radius:.6rem;background:var(--paper);color:var(--ink);max-width:min(34rem,94vw);width:100%}
dialog::backdrop{background:#0008}
dialog form{display:grid;gap:.6rem}
dialog label{display:grid;gap:.2rem}
@media (max-width:40rem){
.bar{position:static;padding:.5rem .7rem}
.bar .switches{margin-left:0}
main{padding:.4rem .6rem 3rem}
.cards{grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr))}
button,nav a{padding:.4rem .7rem}
}
@media (prefers-reduced-motion:no-preference){.card{transition:border-color .15s}}
`;
