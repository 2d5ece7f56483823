# Completion for glifr_train and glifr_analyze: what can be typed is what the program's own --help tells, the names of
# tasks and models what that of glifr_train in the same folder tells.
_glifr() {
  local word=$2 previous=$3 program=${COMP_WORDS[0]} subcommand="" subcommands="" help options names="" argument
  COMPREPLY=()
  help=$("$program" --help 2>/dev/null) || return
  if [[ ${program##*/} == glifr_analyze ]]; then
    subcommands=$(sed -n '/^Subcommands:/,$p' <<<"$help" | grep -oE '^  [a-z-]+')
    for argument in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
      if grep -qxF -e "  $argument" <<<"$subcommands"; then
        subcommand=$argument
        help=$("$program" "$subcommand" --help 2>/dev/null) || return
        break
      fi
    done
  fi
  if [[ $word == -* ]]; then
    options=$(grep -oE -- '^  [^ ]+' <<<"$help" | grep -oE -- '--[A-Za-z0-9-]+')
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
    return
  fi
  if [[ $previous == --task || $previous == --model ]]; then
    help=$("${program%glifr_*}glifr_train" --help 2>/dev/null) || return
  fi
  case $previous in
    --task) names=$(grep -oE '^ {34}[a-z0-9-]+:' <<<"$help" | tr -d ' :') ;;
    --model)
      names=$(grep -oE 'Names: [a-z_, ]+' <<<"$help" | sed 's/Names: //' | tr -d ,)
      if [[ -z $subcommand || $subcommand == count ]]; then names="all paper $names"; fi
      ;;
    --device) names="auto cpu cuda" ;;
    --precision) names="float32 float64" ;;
    --engine) names="fused composed" ;;
    --distribute) names="auto batch trials" ;;
    --monitor) names="train_loss val_loss val_acc" ;;
    --cpu-target) names="auto baseline x86-64-v3 x86-64-v4 x86-64-v4-amx" ;;
    *) if [[ -z $subcommand ]]; then names=$subcommands; fi ;;
  esac
  # Without names, files and folders are offered (-o default).
  if [[ -n $names ]]; then mapfile -t COMPREPLY < <(compgen -W "$names" -- "$word"); fi
}
complete -o default -F _glifr glifr_train glifr_analyze
