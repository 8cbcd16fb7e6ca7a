#!/bin/sh
# Leaving by the web, as a CGI program: https://example.org/leave.cgi?TOKEN. A GET shows a button, since programs that
# look at links follow them too; a POST (the button, or one click of RFC 8058) writes the token down, for
#     listscrub --token-key token.key --tokens leave.log ...
# LEAVE_LOG names the file, which nobody else has to write to. The same with --confirm-tokens for those who say yes.
token=$(printf %s "${QUERY_STRING%%&*}" | tr -cd 'A-Za-z0-9_-' | cut -c 1-64)
printf 'Content-Type: text/html; charset=utf-8\r\n\r\n'
if [ "$REQUEST_METHOD" = POST ]; then
	printf '%s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$token" >> "${LEAVE_LOG:-/var/lib/leave/leave.log}" && echo '<p>Done.'
else
	echo "<form method=post action=\"?$token\"><button>Take me off the list</button></form>"
fi
