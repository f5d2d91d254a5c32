"""How the page looks, on a screen and on paper; and the policy that lets nothing else in.

The policy names the style by its hash, so that a ``style`` attribute that somebody smuggled in
does nothing. On paper there is one colour scheme, whatever the reader's screen has.
"""

import hashlib
from base64 import b64encode

_LIGHT = """
--paper:#fff;--soft:#f5f7fa;--line:#d9dfe7;--ink:#17202b;--mute:#5a6775;--link:#1257a8;
--critical:#8f1024;--high:#b4381a;--medium:#8a5a00;--low:#2f6690;--informational:#52606d;
--good:#1d6b40;--note:#5b3f94
"""
_DARK = """
--paper:#11161d;--soft:#1a212b;--line:#323d4a;--ink:#e6ebf1;--mute:#9aa8b7;--link:#8ab8f5;
--critical:#ff8095;--high:#ff9b7a;--medium:#f0bd5b;--low:#86bde8;--informational:#a9b6c3;
--good:#7ccf9f;--note:#c3adf2
"""
STYLE = f"""
:root{{color-scheme:light dark;{_LIGHT.strip()}}}
@media (prefers-color-scheme:dark){{:root{{{_DARK.strip()}}}}}
*{{box-sizing:border-box}}
body{{margin:0 auto;max-width:68rem;padding:2.5rem 1.5rem 4rem;background:var(--paper);
color:var(--ink);font:15px/1.55 system-ui,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}}
h1{{font-size:2rem;line-height:1.2;margin:0 0 .25rem;letter-spacing:-.015em}}
h2{{font-size:1.35rem;margin:3rem 0 .75rem;padding-top:1rem;border-top:2px solid var(--ink)}}
h3{{font-size:1.05rem;line-height:1.35;margin:.5rem 0 .35rem}}
h4{{font-size:.78rem;margin:1.1rem 0 .35rem;color:var(--mute);letter-spacing:.06em;
text-transform:uppercase}}
p{{margin:.35rem 0}}
a{{color:var(--link);text-decoration:none}}
a:hover,a:focus{{text-decoration:underline}}
code{{font:.86em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;
overflow-wrap:anywhere}}
.lead,.mute{{color:var(--mute)}}
.lead{{font-size:1.05rem;margin-bottom:1.5rem}}
dl{{display:grid;grid-template-columns:9.5rem 1fr;gap:.3rem 1rem;margin:.75rem 0}}
dt{{color:var(--mute)}}
dd{{margin:0;overflow-wrap:anywhere}}
table{{width:100%;border-collapse:collapse;margin:.35rem 0;font-size:.92em}}
th{{text-align:left;font-weight:600;color:var(--mute);border-bottom:1px solid var(--line);
padding:.3rem .6rem .3rem 0;white-space:nowrap}}
td{{vertical-align:top;border-bottom:1px solid var(--line);padding:.4rem .6rem .4rem 0;
overflow-wrap:anywhere}}
.control td:first-child{{font-weight:600;white-space:nowrap}}
.control td:nth-child(2){{min-width:15rem}}
.number,.history td:first-child{{font-variant-numeric:tabular-nums;white-space:nowrap}}
.history td:last-child{{width:34%}}
.contents{{columns:2;column-gap:3rem;padding-left:1.2rem}}
.contents li{{break-inside:avoid;margin:.15rem 0}}
.tiles{{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.75rem;
margin:1rem 0 1.5rem}}
.tile{{background:var(--soft);border:1px solid var(--line);border-radius:.5rem;
padding:.75rem 1rem}}
.tile b{{display:block;font-size:1.75rem;line-height:1.2;font-variant-numeric:tabular-nums}}
.tile span{{color:var(--mute);font-size:.88em}}
svg{{display:block;width:100%;height:.6rem;border-radius:.3rem}}
article{{border:1px solid var(--line);border-left:4px solid var(--informational);
border-radius:.4rem;padding:1rem 1.25rem;margin:1.25rem 0}}
.badge{{display:inline-block;border:1px solid currentColor;border-radius:1rem;
padding:.02rem .6rem;margin-right:.35rem;font-size:.76rem;font-weight:600;
letter-spacing:.02em}}
.badge.critical,rect.critical{{color:var(--critical);fill:var(--critical)}}
.badge.high,rect.high{{color:var(--high);fill:var(--high)}}
.badge.medium,rect.medium{{color:var(--medium);fill:var(--medium)}}
.badge.low,rect.low{{color:var(--low);fill:var(--low)}}
.badge.informational,rect.informational{{color:var(--informational);fill:var(--informational)}}
.badge.good{{color:var(--good)}}
.badge.note{{color:var(--note)}}
article.critical{{border-left-color:var(--critical)}}
article.high{{border-left-color:var(--high)}}
article.medium{{border-left-color:var(--medium)}}
article.low{{border-left-color:var(--low)}}
aside{{background:var(--soft);border-left:3px solid var(--note);padding:.5rem .9rem;
margin:.75rem 0}}
footer{{margin-top:3rem;padding-top:1rem;border-top:1px solid var(--line);color:var(--mute)}}
@media (max-width:40rem){{body{{padding:1.25rem 1rem}}.contents{{columns:1}}
dl{{grid-template-columns:1fr;gap:0}}dd{{margin-bottom:.4rem}}
table{{display:block;overflow-x:auto}}
td{{min-width:5rem}}.history td:last-child,.control td:last-child{{min-width:16rem}}}}
@media print{{@page{{size:A4;margin:16mm 14mm}}
:root{{color-scheme:light;{_LIGHT.strip()}}}
body{{max-width:none;padding:0;font-size:9.5pt}}
h2{{break-before:page;border-top:0;padding-top:0;margin-top:0}}
h2.same-page{{break-before:auto;margin-top:1.5rem}}
h3,h4,th{{break-after:avoid}}
tr,dl,aside,.tile{{break-inside:avoid}}
thead{{display:table-header-group}}
a{{color:inherit}}
.badge,svg,.tile,article{{print-color-adjust:exact;-webkit-print-color-adjust:exact}}}}
"""

_HASH = b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"
