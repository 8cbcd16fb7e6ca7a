#include <config.h>

#include "cmd/listscrub/write/report_page.h"

/* Nothing is loaded from anywhere: the page says so itself, to the browser. */

const char report_page_head[] =
	"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width\">\n"
	"<meta name=\"color-scheme\" content=\"light dark\">\n"
	"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
	"<title>listscrub report</title>\n<style>\n"
	":root{--ink:#1c2430;--soft:#64707f;--paper:#fff;--line:#e3e7ec;--keep:#2f8f6b;--drop:#d0643f;--wash:#f6f8fa}\n"
	"@media(prefers-color-scheme:dark){:root{--ink:#e8ecf1;--soft:#9aa5b1;--paper:#14181d;--line:#2a313a;"
	"--keep:#4fb78f;--drop:#e08a63;--wash:#1b2027}}\n"
	"body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}\n"
	"main{max-width:56rem;margin:0 auto;padding:2.5rem 1.25rem}\n"
	"h1{font-size:1.6rem;margin:0}h2{font-size:1.1rem;margin:2.5rem 0 .75rem}\n"
	"p.when{color:var(--soft);margin:.25rem 0 1.5rem;overflow-wrap:anywhere}\n"
	".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.75rem}\n"
	".tile{background:var(--wash);border:1px solid var(--line);border-radius:.6rem;padding:.8rem 1rem}\n"
	".tile b{display:block;font-size:1.5rem;font-variant-numeric:tabular-nums}\n"
	".tile span{color:var(--soft);font-size:.85rem}\n"
	"table{border-collapse:collapse;width:100%}\n"
	"td,th{text-align:left;padding:.35rem .75rem .35rem 0;border-bottom:1px solid var(--line);vertical-align:middle}\n"
	"th{color:var(--soft);font-weight:500;font-size:.85rem}\n"
	"td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}\n"
	"th.n{text-align:right}td small{color:var(--soft)}td.s{color:var(--soft)}td.t{overflow-wrap:anywhere}\n"
	"td:last-child{padding-right:0}.b{width:45%}svg{display:block;width:100%}.whole{margin-top:1rem}\n"
	".k{fill:var(--keep)}.d{fill:var(--drop)}.g{fill:var(--line)}\n"
	".whole p{margin:.4rem 0 0;color:var(--soft);font-size:.85rem}.whole span+span{margin-left:1.25rem}\n"
	"i.k,i.d{display:inline-block;width:.7em;height:.7em;border-radius:2px;margin-right:.4em;background:var(--keep)}\n"
	"i.d{background:var(--drop)}\n"
	"@media(max-width:36rem){main{padding:1.5rem 1rem}.b{width:26%}td,th{padding-right:.5rem}}\n"
	"details{margin:.4rem 0}summary{cursor:pointer}\n"
	"details li{overflow-wrap:anywhere;font-size:.9rem;color:var(--soft)}\n"
	"footer{margin-top:3rem;color:var(--soft);font-size:.85rem}\n"
	"</style>\n</head>\n<body>\n<main>\n<h1>listscrub report</h1>\n";
