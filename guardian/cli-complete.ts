/** Completion for bash, made from the commands as they are. */

/** The part of a commander command that is looked at. */
interface Tree {
  name(): string;
  readonly commands: readonly Tree[];
  readonly options: readonly { readonly long?: string | undefined }[];
}

export function bashCompletion(program: Tree): string {
  const cases = branches(program, "").map(([path, words]) => `    "${path}") words="${words}" ;;`);
  return `# bash completion of guardian
_guardian() {
  local path="" word words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) path="\${path:+$path }$word" ;; esac
  done
  case "$path" in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _guardian guardian`;
}

/** Every command's path, with what may come next. */
function branches(tree: Tree, path: string): readonly (readonly [string, string])[] {
  const names = tree.commands.map((command) => command.name());
  const options = tree.options.flatMap(({ long }) => long ?? []);
  const own = [path, [...names, ...options].join(" ")] as const;
  const below = tree.commands.flatMap((command) =>
    branches(command, path === "" ? command.name() : `${path} ${command.name()}`),
  );
  return [own, ...below];
}
