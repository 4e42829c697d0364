/**
 * `nudge completion`: the scripts for bash, zsh and fish, and what they ask. The scripts hold no names of commands or
 * options: they hand the line over to `nudge completion words`, so that they never grow old.
 */
import { visibleLine } from "../trace/visible.ts";
import type { Command, Context, ExitCode } from "./command.ts";
import type { Table } from "./complete.ts";

/** The command, for a table of commands (which it is itself part of, hence the function). */
export const completionOf = (table: () => Table): Command => ({
	summary: "print the completion script for bash, zsh or fish",
	details: [
		"bash:  put into ~/.bashrc:   source <(nudge completion bash)",
		"zsh:   put into ~/.zshrc, after compinit:   source <(nudge completion zsh)",
		"fish:  nudge completion fish > ~/.config/fish/completions/nudge.fish",
	].join("\n"),
	subcommands: {
		bash: { summary: "print the script for bash", run: (context) => print(context, BASH) },
		zsh: { summary: "print the script for zsh", run: (context) => print(context, ZSH) },
		fish: { summary: "print the script for fish", run: (context) => print(context, FISH) },
		words: {
			summary: "print what could come next on a command line (the scripts ask this)",
			details:
				"One candidate a line, with a tab and a description where there is one; the last line says what the shell\n" +
				"should add: :files, :folders or :nothing.",
			positionals: [
				{
					name: "WORD",
					says: "the words after nudge, behind a --; the last is being typed and may be empty",
					optional: true,
					many: true,
				},
			],
			examples: ["nudge completion words -- problems show prod"],
			run: (context) => words(context, table()),
		},
	},
});

async function print({ io }: Context, script: string): Promise<ExitCode> {
	io.stdout.write(script);
	return 0;
}

async function words({ io, args }: Context, table: Table): Promise<ExitCode> {
	const [{ complete }, { sourcesOf }] = await Promise.all([
		import("./complete.ts"),
		import("./complete-sources.ts"),
	]);
	const { candidates, also } = await complete(args, table, sourcesOf(io));
	// A name with a tab or a newline would be taken for two, one with an escape would reach the terminal: neither is offered.
	for (const { value, says } of candidates) {
		if (/[\t\n]/.test(value) || visibleLine(value) !== value) continue;
		io.stdout.write(says === undefined ? `${value}\n` : `${value}\t${visibleLine(says)}\n`);
	}
	io.stdout.write(`:${also}\n`);
	return 0;
}

/**
 * bash cuts words at the characters of COMP_WORDBREAKS (= and : among them) and replaces only the last piece: the pieces
 * are joined again, and what stands before the last piece is taken off the candidates.
 */
const BASH = `# bash completion for nudge: source <(nudge completion bash)
_nudge() {
	local word joined="" glue="" piece cut i
	local -a line=() candidates=()
	for ((i = 1; i <= COMP_CWORD; i++)); do
		word=\${COMP_WORDS[i]}
		if [[ -n $joined && ( $word == [=:]* || -n $glue ) ]]; then
			joined+=$word
		else
			((i > 1)) && line+=("$joined")
			joined=$word
		fi
		[[ $word == *[=:] ]] && glue=1 || glue=""
	done
	line+=("$joined")
	piece=\${COMP_WORDS[COMP_CWORD]}
	[[ $piece == [=:] ]] && piece=""
	cut=\${joined%"$piece"}
	local answer also=":nothing"
	answer=$("\${COMP_WORDS[0]/#\\~/$HOME}" completion words -- "\${line[@]}" 2>/dev/null) || return 0
	while IFS=$'\\t' read -r word _; do
		case $word in
		:files | :folders | :nothing) also=$word ;;
		*) candidates+=("\${word#"$cut"}") ;;
		esac
	done <<<"$answer"
	COMPREPLY=()
	for word in "\${candidates[@]}"; do
		COMPREPLY+=("$(printf '%q' "$word")")
	done
	if [[ $also == :files || $also == :folders ]]; then
		local kind=-f
		[[ $also == :folders ]] && kind=-d
		compopt -o filenames 2>/dev/null
		while IFS= read -r word; do
			[[ -n $word ]] && COMPREPLY+=("$word")
		done < <(compgen "$kind" -- "$piece")
	fi
	# a value that ends in ":" or "=" goes on
	[[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *[:=] ]] && compopt -o nospace 2>/dev/null
	return 0
}
complete -F _nudge nudge
`;

const ZSH = `#compdef nudge
# zsh completion for nudge: source <(nudge completion zsh), after compinit
_nudge() {
	local line also=":nothing"
	local -a answer described open
	answer=("\${(@f)$("\${(Q)words[1]/#\\~/$HOME}" completion words -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
	for line in "\${answer[@]}"; do
		case $line in
		:files | :folders | :nothing) also=$line ;;
		"") ;;
		*)
			# _describe parts value and description at the first colon that is not escaped
			local value="\${line%%$'\\t'*}" says=""
			[[ $line == *$'\\t'* ]] && says="\${line#*$'\\t'}"
			if [[ $value == *: ]]; then
				open+=("\${value//:/\\\\:}\${says:+:$says}")
			else
				described+=("\${value//:/\\\\:}\${says:+:$says}")
			fi
			;;
		esac
	done
	local found=1
	((\${#described})) && _describe -t values nudge described && found=0
	((\${#open})) && _describe -t values nudge open -S '' && found=0
	case $also in
	:files) _files && found=0 ;;
	:folders) _files -/ && found=0 ;;
	esac
	return found
}
compdef _nudge nudge
`;

const FISH = `# fish completion for nudge: nudge completion fish > ~/.config/fish/completions/nudge.fish
function __nudge_complete
	set -l line (commandline -opc) 
	set -l typed (commandline -ct)
	set -l program (string replace -r '^~' $HOME -- $line[1])
	set -l answer ($program completion words -- $line[2..-1] "$typed" 2>/dev/null)
	for candidate in $answer
		switch $candidate
			case :nothing
			case :files
				__fish_complete_path "$typed"
			case :folders
				__fish_complete_directories "$typed" ""
			case '*'
				printf '%s\\n' $candidate
		end
	end
end
complete -c nudge -f -a '(__nudge_complete)'
`;
