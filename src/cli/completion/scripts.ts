export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/**
 * The completion script for a shell. It makes the shell call `trainyard __complete -- WORDS`, which prints a line for
 * each completion: the word, a tab and its meaning. Where nothing is printed, the shell completes file names.
 */
export function completionScript(shell: Shell): string {
  return scripts[shell].trim();
}

const scripts: Readonly<Record<Shell, string>> = {
  bash: `
_trainyard() {
  local word
  COMPREPLY=()
  while IFS=$'\\t' read -r word _; do
    COMPREPLY+=("$word")
  done < <("$1" __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _trainyard trainyard
`,
  zsh: `
_trainyard() {
  local -a found
  local line
  while IFS= read -r line; do
    found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done < <("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#found} )); then _describe trainyard found; else _files; fi
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
compdef _trainyard trainyard
`,
  fish: `
function __trainyard_complete
  set -l words (commandline -opc) (commandline -ct)
  trainyard __complete -- $words[2..] 2>/dev/null
end
complete -c trainyard -f -a '(__trainyard_complete)'
complete -c trainyard -n '__fish_seen_subcommand_from deploy' -F
`,
};
