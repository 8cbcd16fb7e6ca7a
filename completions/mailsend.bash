# Completion of mailsend for bash.

_mailsend_accounts()
{
	sed -n 's/^[[:blank:]]*\[\(.*\)\].*/\1/p' "${XDG_CONFIG_HOME:-$HOME/.config}/pipemail/config" /etc/pipemail/config 2>/dev/null
}

_mailsend()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} value=

	# An option with "=" and its value comes as three words.
	[[ $cur == = ]] && cur= && value=1
	[[ $prev == = ]] && prev=${COMP_WORDS[COMP_CWORD-2]} && value=1
	[[ $value && $prev == "${COMP_WORDS[COMP_CWORD]}" ]] && prev=${COMP_WORDS[COMP_CWORD-1]}
	COMPREPLY=()
	case $prev in
	-A | --account)
		mapfile -t COMPREPLY < <(compgen -W "$(_mailsend_accounts)" -- "$cur")
		return ;;
	--tls)
		mapfile -t COMPREPLY < <(compgen -W "require try off" -- "$cur")
		return ;;
	--auth)
		mapfile -t COMPREPLY < <(compgen -W "auto none plain login cram-md5 scram-sha-1 scram-sha-1-plus scram-sha-256
			scram-sha-256-plus external oauthbearer xoauth2" -- "$cur")
		return ;;
	--dsn)
		mapfile -t COMPREPLY < <(compgen -W "never success failure delay failure,delay success,failure,delay" -- "$cur")
		return ;;
	--dsn-return)
		mapfile -t COMPREPLY < <(compgen -W "headers full" -- "$cur")
		return ;;
	--flush)
		mapfile -t COMPREPLY < <(compgen -W "now" -- "$cur")
		return ;;
	--report)
		mapfile -t COMPREPLY < <(compgen -W "json" -- "$cur")
		return ;;
	--resolver)
		mapfile -t COMPREPLY < <(compgen -W "localhost" -- "$cur")
		return ;;
	--smtp)
		mapfile -t COMPREPLY < <(compgen -W "smtp:// smtps:// lmtp://" -- "$cur")
		compopt -o nospace
		return ;;
	-a | --attach | --inline | --html | --body-file | --ca-file | --client-cert | --client-key | --config | --dkim-key | --failed-to | \
	--fcc | --smime-cert | --smime-key | --alternative | --log | --aliases | --password-file | --trace)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	--password-command | --token-command)
		mapfile -t COMPREPLY < <(compgen -c -- "$cur")
		return ;;
	-f | --from | --to | -c | --cc | --bcc | --reply-to | -s | --subject | -b | --body | -H | --header | --date | --message-id | \
	--envelope-from | --in-reply-to | --references | --set-from | --envid | --deadline | --dkim-domain | \
	--dkim-selector | --pin | --proxy | --ehlo | \
	--timeout | --user | --setup | --password-fd)
		return ;;
	esac
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "--from --to --cc --bcc --reply-to --subject --body --body-file --html --markdown --alternative --attach --inline
			--header --date --message-id --smime-cert --smime-key --pgp-sign --in-reply-to --references --skip-empty --read-recipients
			--envelope-from --set-from
			--dsn --dsn-return
			--dsn-required --envid
			--require-tls
			--all-or-nothing
			--failed-to --deadline --fcc --spool --flush --list-spool --aliases --log --dkim-domain --dkim-selector --dkim-key
			--ignore-dots --sendmail-option
			--dry-run --probe --setup --resolver
			--json --report --smtp --tls --ca-file --pin --dane --client-cert --client-key --proxy --ehlo --timeout --user --auth
			--password-command --password-file --password-fd --token-command --config --account --verbose --trace --quiet --progress
			--help --usage --version" -- "$cur")
	fi
}

complete -F _mailsend mailsend
