# Completion of popfetch for bash.

_popfetch_accounts()
{
	sed -n 's/^[[:blank:]]*\[\(.*\)\].*/\1/p' "${XDG_CONFIG_HOME:-$HOME/.config}/pipemail/config" /etc/pipemail/config 2>/dev/null
}

_popfetch()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} value=

	# An option with "=" and its value comes as three words.
	[[ $cur == = ]] && cur= && value=1
	[[ $prev == = ]] && prev=${COMP_WORDS[COMP_CWORD-2]} && value=1
	[[ $value && $prev == "${COMP_WORDS[COMP_CWORD]}" ]] && prev=${COMP_WORDS[COMP_CWORD-1]}
	COMPREPLY=()
	case $prev in
	--summary)
		mapfile -t COMPREPLY < <(compgen -W "json" -- "$cur")
		return ;;
	--pop)
		mapfile -t COMPREPLY < <(compgen -W "pop3s:// pop3://" -- "$cur")
		compopt -o nospace
		return ;;
	--pipelining)
		mapfile -t COMPREPLY < <(compgen -W "on off auto" -- "$cur")
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
		mapfile -t COMPREPLY < <(compgen -W "$(_popfetch_accounts)" -- "$cur")
		return ;;
	--state | \
	--ca-file | --client-cert | --client-key | --password-file | --config | --trace)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	--password-command | --token-command)
		mapfile -t COMPREPLY < <(compgen -c -- "$cur")
		return ;;
	--limit | --retries | --max-size | --since | --delete-after | --pin | --ehlo | --timeout | --user | --password-fd)
		return ;;
	esac
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "--pipe --pipe-mbox --delete --delete-after --all --limit --max-size --since --headers --list --state --retries --pipelining --summary --pop --tls
			--ca-file --pin --dane --client-cert --client-key --proxy --ehlo --timeout --user --auth
			--password-command --password-file --password-fd --token-command --config --account --verbose --trace --quiet
			--progress --help --usage --version" -- "$cur")
	else
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	fi
}

complete -F _popfetch popfetch
