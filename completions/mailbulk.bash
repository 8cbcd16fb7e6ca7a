# Completion of mailbulk for bash.

_mailbulk_accounts()
{
	sed -n 's/^[[:blank:]]*\[\(.*\)\].*/\1/p' "${XDG_CONFIG_HOME:-$HOME/.config}/pipemail/config" /etc/pipemail/config 2>/dev/null
}

_mailbulk()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} value=

	# An option with "=" and its value comes as three words.
	[[ $cur == = ]] && cur= && value=1
	[[ $prev == = ]] && prev=${COMP_WORDS[COMP_CWORD-2]} && value=1
	[[ $value && $prev == "${COMP_WORDS[COMP_CWORD]}" ]] && prev=${COMP_WORDS[COMP_CWORD-1]}
	COMPREPLY=()
	case $prev in
	--results)
		mapfile -t COMPREPLY < <(compgen -W "csv jsonl" -- "$cur")
		return ;;
	--missing)
		mapfile -t COMPREPLY < <(compgen -W "error empty" -- "$cur")
		return ;;
	--smtp)
		mapfile -t COMPREPLY < <(compgen -W "smtp:// smtps:// lmtp://" -- "$cur")
		compopt -o nospace
		return ;;
	--tls)
		mapfile -t COMPREPLY < <(compgen -W "require try off" -- "$cur")
		return ;;
	--proxy)
		mapfile -t COMPREPLY < <(compgen -W "socks5://" -- "$cur")
		compopt -o nospace
		return ;;
	--auth)
		mapfile -t COMPREPLY < <(compgen -W "auto none plain login cram-md5 scram-sha-1 scram-sha-1-plus
			scram-sha-256 scram-sha-256-plus external oauthbearer xoauth2" -- "$cur")
		return ;;
	-A | --account)
		mapfile -t COMPREPLY < <(compgen -W "$(_mailbulk_accounts)" -- "$cur")
		return ;;
	--preview | --journal | --status | --results-file | --html | -a | --attach | --inline | --dkim-key | --suppress | --token-key | \
	--ca-file | --client-cert | --client-key | --password-file | --config | --trace)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	--password-command | --token-command)
		mapfile -t COMPREPLY < <(compgen -c -- "$cur")
		return ;;
	--resolver)
		mapfile -t COMPREPLY < <(compgen -W "localhost" -- "$cur")
		return ;;
	--test | --limit | --retry-refused | -f | --from | --envelope-from | -H | --header | --dkim-domain | --dkim-selector | --email | \
	--delimiter | --key | --shard | --unsubscribe | --confirm | --list-id | --feedback-id | -j | --connections | --rate | \
	--domain-rate | --warmup | --messages-per-connection | --retries | --retry-for | --retry-pause | --max-bounce | --max-unknown | --pin | --ehlo | \
	--timeout | --user | --password-fd)
		return ;;
	esac
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "--send --check --json --dns --resolver --preview --test --limit --journal --status --resend-unknown --retry-refused --accept-changed --results
			--results-file --from
			--envelope-from --verp --html --attach --inline --header --missing --dkim-domain --dkim-selector --dkim-key
			--email --delimiter --key --shard --suppress --allow-empty --skip-bad --unsubscribe --token-key --confirm --list-id --feedback-id
			--transactional --connections --rate --domain-rate --by-mx --warmup --messages-per-connection --retries --retry-for --retry-pause
			--max-bounce --max-unknown
			--smtp --tls --ca-file --pin --dane --client-cert --client-key --proxy --ehlo --timeout --user --auth
			--password-command --password-file --password-fd --token-command --config --account --verbose --trace --quiet
			--progress --help --usage --version" -- "$cur")
	else
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	fi
}

complete -F _mailbulk mailbulk
