# Completion of listscrub for fish.

# The names in the first line of the list on the command line.
function __listscrub_columns
	set --local words (commandline -opc) (commandline -ct)
	set --local before ''
	for word in $words[2..-1]
		set --local path (string replace -r '^~/' "$HOME/" -- $word)
		if not contains -- $before -r --rejects --fixes --report --suppress --except --both --bounces --dns-cache; and test -f "$path"
			head -n 1 -- $path | string replace -r '^\xef\xbb\xbf' '' | string split , | string split ';' | \
				string split '|' | string split \t | string trim -c '"'\r
			return
		end
		set before $word
	end
end

complete -c listscrub -l email -xa '(__listscrub_columns)' -d 'the column with the address'
complete -c listscrub -s d -l delimiter -xa 'tab' -d 'what stands between cells'
complete -c listscrub -l header -d 'the first row names the columns'
complete -c listscrub -l no-header -d 'the first row is data'
complete -c listscrub -s r -l rejects -rF -d 'write every rejected row here'
complete -c listscrub -l annotate -d 'keep every row, with status, reason and detail'
complete -c listscrub -l jsonl -d 'write rows and rejects as JSON Lines'
complete -c listscrub -l suggest -d 'a column with the likely domain for a typo'
complete -c listscrub -l ascii -d 'write domains in A-labels'
complete -c listscrub -l summary -xa 'text json' -d 'the form of the summary'
complete -c listscrub -l report -rF -d 'write a page about what was found'
complete -c listscrub -l progress -d 'draw progress'
complete -c listscrub -s q -l quiet -d 'say nothing but errors'
complete -c listscrub -l allow-reserved -d 'take example.com and other reserved domains'
complete -c listscrub -l literal -d 'take user@[192.0.2.1]'
complete -c listscrub -l quoted -d 'take quoted local parts'
complete -c listscrub -l no-dedupe -d 'keep duplicates'
complete -c listscrub -l fold -xa 'provider none' -d 'compare as providers do'
complete -c listscrub -l keep -xa 'first newest:(__listscrub_columns)' -d 'which one of duplicates is kept'
complete -c listscrub -l memory -x -d 'for finding duplicates'
complete -c listscrub -l shard -x -d 'only share K of N'
complete -c listscrub -l suppress -rF -d 'who must not be mailed'
complete -c listscrub -l allow-empty -d 'accept an empty list of suppressions as a list with no entries'
complete -c listscrub -l bounces -rF -d 'bounces and complaints, or results of mailbulk'
complete -c listscrub -l soft-limit -x -d 'days with soft bounces that reject an address'
complete -c listscrub -l soft-window -xa '90d' -d 'how far apart these days may be'
complete -c listscrub -l print-suppressed -d 'only print whom the bounces reject'
complete -c listscrub -l update-suppressed -rF -d 'the list of those who must not be mailed, which grows'
complete -c listscrub -l token-key -rF -d 'the secret that tokens are made with'
complete -c listscrub -l trust -xa 'all proof' -d 'which reports count'
complete -c listscrub -l unproved -rF -d 'reports that nothing proves'
complete -c listscrub -l rest -rF -d 'messages that were not understood'
complete -c listscrub -l tokens -rF -d 'text with tokens of people who left'
complete -c listscrub -l confirmed -rF -d 'keep only the addresses in FILE'
complete -c listscrub -l update-confirmed -rF -d 'the list of those who said yes, which grows'
complete -c listscrub -l print-confirmed -d 'only print who said yes'
complete -c listscrub -l confirm-tokens -rF -d 'text with tokens of people who said yes'
complete -c listscrub -l confirm-within -xa '14d' -d 'how old a request may be'
complete -c listscrub -l forget -x -d 'erase a person from the lists that grow'
complete -c listscrub -l consent -xa '(__listscrub_columns)' -d 'keep only rows that say yes here'
complete -c listscrub -l opt-out -xa '(__listscrub_columns)' -d 'drop rows that say yes here'
complete -c listscrub -l unengaged -x -d 'drop rows that opened nothing: SENT=COL,OPENED=COL,MIN=N'
complete -c listscrub -l inactive -xa '90d 26w 12m 2y' -d 'drop rows not active for that long'
complete -c listscrub -l active -xa '(__listscrub_columns)' -d 'the date of the last activity'
complete -c listscrub -l ragged -xa 'pad reject' -d 'rows with too few cells'
complete -c listscrub -l split -d 'make a row of each address in a cell'
complete -c listscrub -l fix -d 'repair slips around addresses and in domains'
complete -c listscrub -l fixes -rF -d 'write what was repaired here'
complete -c listscrub -l no-tld-check -d 'say nothing of top-level domains that do not exist'
complete -c listscrub -l strict-tld -d 'reject top-level domains that do not exist'
complete -c listscrub -l except -rF -d 'drop rows whose address is on this list'
complete -c listscrub -l both -rF -d 'keep only rows whose address is on this list too'
complete -c listscrub -l strict -d 'stop at a quote that is not closed'
complete -c listscrub -l dates -xa 'auto dmy mdy ymd' -d 'the order in dates of three numbers'
complete -c listscrub -l drop-role -F -d 'drop sales@ and other roles'
complete -c listscrub -l drop-disposable -F -d 'drop throw-away addresses'
complete -c listscrub -l mx -d 'ask whether the domains take mail'
complete -c listscrub -l resolver -xa 'localhost' -d 'the DNS server to ask'
complete -c listscrub -l dns-timeout -x -d 'seconds for one try'
complete -c listscrub -l dns-cache -rF -d 'remember answers here'
complete -c listscrub -l help -d 'help'
complete -c listscrub -l usage -d 'a short help'
complete -c listscrub -l version -d 'the version'
