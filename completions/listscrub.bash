# Completion of listscrub for bash.

# The names in the first line of the list on the command line.
_listscrub_columns()
{
	local i word option

	for ((i = 1; i < ${#COMP_WORDS[@]}; i++)); do
		word=${COMP_WORDS[i]} option=${COMP_WORDS[i-1]}
		[[ $option == = ]] && option=${COMP_WORDS[i-2]}
		case $option in
		-r | --rejects | --fixes | --report | --suppress | --except | --both | --bounces | --drop-role | --drop-disposable | --dns-cache | --token-key | \
			--unproved | --rest | --update-suppressed | --update-confirmed | --confirmed | --tokens | --confirm-tokens)
			continue ;;
		esac
		[[ $word == '~/'* ]] && word=$HOME/${word#'~/'}
		[[ -f $word ]] || continue
		head -n 1 -- "$word" | sed $'s/^\xef\xbb\xbf//' | tr ',;|\t' '\n\n\n\n' | tr -d '"\r'
		return
	done
}

# Names may have blanks in them.
_listscrub_reply_columns()
{
	local name

	while IFS= read -r name; do
		[[ $name && $name == "$1"* ]] && COMPREPLY+=("$(printf %q "$name")")
	done < <(_listscrub_columns)
}

_listscrub()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} value=

	COMPREPLY=()
	# "newest:COLUMN" comes as three words, one after the other.
	if [[ $cur == : && $prev == newest ]]; then
		_listscrub_reply_columns ""
		return
	elif [[ $prev == : && ${COMP_WORDS[COMP_CWORD-2]} == newest ]]; then
		_listscrub_reply_columns "$cur"
		return
	fi
	# An option with "=" and its value does, too.
	[[ $cur == = ]] && cur= && value=1
	[[ $prev == = ]] && prev=${COMP_WORDS[COMP_CWORD-2]} && value=1
	[[ $value && $prev == "${COMP_WORDS[COMP_CWORD]}" ]] && prev=${COMP_WORDS[COMP_CWORD-1]}
	case $prev in
	--email | --consent | --opt-out | --active)
		_listscrub_reply_columns "$cur"
		return ;;
	-d | --delimiter)
		mapfile -t COMPREPLY < <(compgen -W "tab" -- "$cur")
		return ;;
	--summary)
		mapfile -t COMPREPLY < <(compgen -W "text json" -- "$cur")
		return ;;
	--fold)
		mapfile -t COMPREPLY < <(compgen -W "provider none" -- "$cur")
		return ;;
	--keep)
		mapfile -t COMPREPLY < <(compgen -W "first newest:" -- "$cur")
		[[ ${COMPREPLY[*]} == newest: ]] && compopt -o nospace
		return ;;
	--ragged)
		mapfile -t COMPREPLY < <(compgen -W "pad reject" -- "$cur")
		return ;;
	--dates)
		mapfile -t COMPREPLY < <(compgen -W "auto dmy mdy ymd" -- "$cur")
		return ;;
	--inactive)
		mapfile -t COMPREPLY < <(compgen -W "90d 26w 12m 2y" -- "$cur")
		return ;;
	--trust)
		mapfile -t COMPREPLY < <(compgen -W "all proof" -- "$cur")
		return ;;
	--soft-window | --confirm-within)
		mapfile -t COMPREPLY < <(compgen -W "14d 90d" -- "$cur")
		return ;;
	-r | --rejects | --fixes | --report | --suppress | --except | --both | --bounces | --dns-cache | --token-key | --unproved | --rest | --update-suppressed | \
	--update-confirmed | --confirmed | --tokens | --confirm-tokens)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	--drop-role | --drop-disposable)
		# Their file stands behind "=" only.
		if [[ $value ]]; then
			compopt -o filenames
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			return
		fi ;;
	--resolver)
		mapfile -t COMPREPLY < <(compgen -W "localhost" -- "$cur")
		return ;;
	--memory | --shard | --soft-limit | --forget | --dns-timeout)
		return ;;
	esac
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "--email --delimiter --header --no-header --except --both --ragged --split --strict --fix --fixes --no-tld-check --strict-tld --rejects --annotate --jsonl --suggest --ascii --summary --report
			--progress --quiet --allow-reserved --literal --quoted --no-dedupe --fold --keep --memory --shard --suppress --bounces
			--allow-empty --soft-limit --soft-window --print-suppressed --update-suppressed --token-key --trust --unproved
			--rest --tokens --confirmed --update-confirmed --print-confirmed --confirm-tokens --confirm-within --forget --consent --opt-out --unengaged --inactive --active --dates --drop-role --drop-disposable --mx --resolver
			--dns-timeout --dns-cache --help --usage --version" -- "$cur")
	else
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	fi
}

complete -F _listscrub listscrub
