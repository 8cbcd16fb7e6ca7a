#include <config.h>

#include "cmd/listscrub/suggest.h"

#include <stddef.h>

const char *const suggest_providers[] = {
	"gmail.com", "yahoo.com", "hotmail.com", "outlook.com", "icloud.com", "aol.com", "googlemail.com",
	"live.com", "web.de", "gmx.de", "gmx.net", "t-online.de", "freenet.de", "orange.fr", "wanadoo.fr",
	"free.fr", "laposte.net", "yahoo.fr", "hotmail.fr", "hotmail.co.uk", "yahoo.co.uk", "btinternet.com",
	"comcast.net", "verizon.net", "sbcglobal.net", "bellsouth.net", "protonmail.com", "libero.it",
	"virgilio.it", "hotmail.it", "yahoo.it", "hotmail.es", "yahoo.es", "yahoo.de", "hotmail.de",
	"outlook.de", "outlook.fr", "yandex.ru", "mail.ru", "rambler.ru", "yahoo.com.br", "uol.com.br",
	"hotmail.com.br", "bluewin.ch", "telenet.be", "skynet.be", "ziggo.nl", "rocketmail.com",
	"fastmail.com", "att.net", "charter.net", "earthlink.net", "shaw.ca", "rogers.com", "bigpond.com",
	"optusnet.com.au", "rediffmail.com", "seznam.cz", "interia.pl", "naver.com", NULL,
};

const char *const suggest_known[] = {
	"126.com", "163.com", "abv.bg", "aim.com", "alice.it", "aliceadsl.fr", "aon.at", "arcor.de",
	"asia.com", "att.com", "bk.ru", "bmail.com", "bol.com.br", "blueyonder.co.uk", "cloud.com", "cox.net", "cs.com", "daum.net",
	"duck.com", "email.com", "email.cz", "email.de", "email.it", "engineer.com", "europe.com",
	"excite.com", "fastmail.cn", "fastmail.co", "fastmail.co.uk", "fastmail.com.au",
	"fastmail.de", "fastmail.es", "fastmail.fm", "fastmail.fr", "fastmail.in", "fastmail.jp", "fastmail.net",
	"fastmail.nl", "fastmail.org", "fastmail.se", "fastmail.to", "fastmail.uk", "fastmail.us", "foxmail.com", "freemail.hu", "frontier.com", "gmx.at", "gmx.ch",
	"gmx.com", "gmx.fr", "gmx.us", "googlemail.de", "hanmail.net", "hey.com", "home.nl", "hotmail.be",
	"hotmail.ca", "hotmail.ch", "hotmail.cl", "hotmail.com.ar", "hotmail.com.au", "hotmail.com.tr",
	"hotmail.dk", "hotmail.gr", "hotmail.nl", "hotmail.no", "hotmail.se", "hushmail.com", "ig.com.br",
	"iinet.net.au", "inbox.com", "inbox.lv", "inbox.ru", "inwind.it", "iol.it", "iol.pt", "juno.com",
	"kabelmail.de", "kpnmail.nl", "list.ru", "live.at", "live.be", "live.ca", "live.ch", "live.cn",
	"live.co.uk", "live.com.ar", "live.com.au", "live.com.mx", "live.com.pt", "live.de", "live.dk",
	"live.fi", "live.fr", "live.ie", "live.it", "live.jp", "live.nl", "live.no", "live.ru", "live.se",
	"lycos.com", "mac.com", "mail.be", "mail.bg", "mail.com", "mail.de", "mail.dk", "mail.ee", "mail.fr",
	"mail.nl", "mailbox.org", "me.com", "mindspring.com", "mozmail.com", "msn.com", "nate.com",
	"neuf.fr", "netscape.net", "netzero.net", "ntlworld.com", "numericable.fr", "o2.co.uk", "o2.pl",
	"o2online.de", "online.de", "online.no", "onet.pl", "onet.eu", "op.pl", "optonline.net", "outlook.at",
	"outlook.be", "outlook.cl", "outlook.co.id", "outlook.co.il", "outlook.co.th", "outlook.com.ar", "outlook.com.au", "outlook.com.br", "outlook.cz", "outlook.dk",
	"outlook.es", "outlook.hu", "outlook.ie", "outlook.in", "outlook.it", "outlook.jp", "outlook.kr",
	"outlook.lv", "outlook.my", "outlook.ph", "outlook.pt", "outlook.sa", "outlook.sg", "outlook.sk", "passmail.net",
	"peoplepc.com", "planet.nl", "pm.me", "post.com", "post.cz", "posteo.de", "posteo.net", "prodigy.net",
	"proton.me", "protonmail.ch", "q.com", "qq.com", "quicknet.nl", "roadrunner.com", "rr.com",
	"sapo.pt", "sfr.fr", "sina.com", "sky.com", "snafu.de", "sohu.com", "sympatico.ca", "talktalk.net",
	"telia.com", "terra.com.br", "terra.es", "tin.it", "tiscali.co.uk", "tiscali.it", "tlen.pl", "ttmail.com",
	"tuta.io", "tutanota.com", "tutanota.de", "ukr.net", "upcmail.nl", "usa.com", "usa.net", "vip.qq.com",
	"virgin.net", "virginmedia.com", "vodafone.de", "vodafone.it", "voila.fr", "volny.cz", "wp.pl",
	"xs4all.nl", "xtra.co.nz", "ya.ru", "yahoo.at", "yahoo.be", "yahoo.bg", "yahoo.ca", "yahoo.cl",
	"yahoo.cn", "yahoo.co.id", "yahoo.co.il", "yahoo.co.in", "yahoo.co.jp", "yahoo.co.kr", "yahoo.co.nz",
	"yahoo.co.th", "yahoo.co.za", "yahoo.com.ar", "yahoo.com.au", "yahoo.com.cn", "yahoo.com.co",
	"yahoo.com.hk", "yahoo.com.mx", "yahoo.com.my", "yahoo.com.ph", "yahoo.com.sg", "yahoo.com.tr",
	"yahoo.com.tw", "yahoo.com.vn", "yahoo.cz", "yahoo.dk", "yahoo.fi", "yahoo.gr", "yahoo.hu",
	"yahoo.ie", "yahoo.in", "yahoo.jp", "yahoo.nl", "yahoo.no", "yahoo.pl", "yahoo.pt", "yahoo.ro",
	"yahoo.se", "yandex.by", "yandex.com", "yandex.kz", "yandex.ua", "yeah.net", "ymail.com",
	"zoho.com", "zoho.eu", "zohomail.com", "zonnet.nl", "gmx.li", "gmx.eu", "gmx.org", "gmx.info", NULL,
};

const struct suggest_slip suggest_slips[] = {
	{ "gmial.com", "gmail.com" }, { "gmai.com", "gmail.com" }, { "gamil.com", "gmail.com" },
	{ "gmal.com", "gmail.com" }, { "gnail.com", "gmail.com" }, { "gmail.co", "gmail.com" },
	{ "gmail.con", "gmail.com" }, { "gmail.cm", "gmail.com" }, { "gmail.om", "gmail.com" },
	{ "gmail.comm", "gmail.com" },
	{ "gmaill.com", "gmail.com" }, { "gmailcom.com", "gmail.com" }, { "ggmail.com", "gmail.com" },
	{ "googlemail.con", "googlemail.com" }, { "goglemail.com", "googlemail.com" },
	{ "hotmial.com", "hotmail.com" }, { "hotmal.com", "hotmail.com" }, { "hotmai.com", "hotmail.com" },
	{ "hotmil.com", "hotmail.com" }, { "hotmaill.com", "hotmail.com" }, { "homail.com", "hotmail.com" },
	{ "hotmail.con", "hotmail.com" }, { "hotmail.co", "hotmail.com" }, { "hotmail.cm", "hotmail.com" },
	{ "yaho.com", "yahoo.com" }, { "yahooo.com", "yahoo.com" }, { "yhaoo.com", "yahoo.com" },
	{ "yahoo.con", "yahoo.com" }, { "yahoo.co", "yahoo.com" }, { "yahoo.cm", "yahoo.com" },
	{ "outlok.com", "outlook.com" }, { "outloook.com", "outlook.com" }, { "outlook.con", "outlook.com" },
	{ "outlook.co", "outlook.com" }, { "iclud.com", "icloud.com" }, { "icloud.con", "icloud.com" },
	{ "icoud.com", "icloud.com" }, { "aol.con", "aol.com" }, { "aol.co", "aol.com" },
	{ "web.d", "web.de" }, { "gmx.d", "gmx.de" },
	{ "gmx.ent", "gmx.net" }, { "t-onlin.de", "t-online.de" },
	{ "t-online.d", "t-online.de" }, { NULL, NULL },
};

const struct suggest_slip suggest_ends[] = {
	{ ".con", ".com" }, { ".cmo", ".com" }, { ".ocm", ".com" }, { ".vom", ".com" }, { ".xom", ".com" },
	{ ".cim", ".com" }, { ".cpm", ".com" }, { ".comm", ".com" }, { ".ccom", ".com" }, { ".coom", ".com" },
	{ ".nte", ".net" }, { ".ent", ".net" }, { ".nett", ".net" }, { ".dee", ".de" }, { ".frr", ".fr" },
	{ NULL, NULL },
};
