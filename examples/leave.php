<?php
// Leaving by the web: https://example.org/leave.php?TOKEN. A GET shows a button, since programs that look at links follow
// them too; a POST (the button, or one click of RFC 8058) writes the token down, for
//     listscrub --token-key token.key --tokens leave.log ...
// LEAVE_LOG names the file. The same with --confirm-tokens for those who say yes.
$token = substr(preg_replace('/[^A-Za-z0-9_-]/', '', strtok(($_SERVER['QUERY_STRING'] ?? '') . '&', '&')), 0, 64);
$log = getenv('LEAVE_LOG') ?: '/var/lib/leave/leave.log';
if ($_SERVER['REQUEST_METHOD'] === 'POST')
	echo file_put_contents($log, gmdate('Y-m-d\TH:i:s\Z') . " $token\n", FILE_APPEND | LOCK_EX) ? "<p>Done.\n" : "<p>Please try again later.\n";
else
	echo "<form method=post action=\"?$token\"><button>Take me off the list</button></form>\n";
