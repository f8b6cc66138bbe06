# Completion for bash. Commands and options are read from nurturectl's own help, so that they are those of the installed
# version: a command's line there begins with two spaces and the command, an option is a word beginning with --.
_nurturectl()
{
	COMPREPLY=()
	local current=${COMP_WORDS[COMP_CWORD]} program=${COMP_WORDS[0]} command='' word choices
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		[[ $word == -* ]] || { command=$word; break; }
	done
	if [[ $current == -* ]]; then
		choices=$("$program" ${command:+"$command"} --help 2>/dev/null | grep -oE -- '--[a-z][a-z-]*' | sort -u)
	elif [[ -z $command ]]; then
		choices=$("$program" --help 2>/dev/null | sed -nE 's/^  ([a-z][a-z-]*)( .*)?$/\1/p' | sort -u)
	else
		return 0
	fi
	mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$current")
}
complete -o bashdefault -o default -F _nurturectl nurturectl
