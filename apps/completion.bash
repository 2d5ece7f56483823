# Completion for glifr_train and glifr_analyze: what can be typed is what the program's own --help tells.
_glifr() {
  local word=$2 previous=$3 subcommand="" help options names="" argument
  COMPREPLY=()
  if [[ ${COMP_WORDS[0]##*/} == glifr_analyze ]]; then
    for argument in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
      if [[ $argument != -* ]]; then
        subcommand=$argument
        break
      fi
    done
  fi
  help=$("${COMP_WORDS[0]}" ${subcommand:+"$subcommand"} --help 2>/dev/null) || return
  if [[ $word == -* ]]; then
    options=$(grep -oE -- '^  [^ ]+' <<<"$help" | grep -oE -- '--[A-Za-z0-9-]+')
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
    return
  fi
  case $previous in
    --task) names=$(grep -oE '^ {34}[a-z0-9-]+:' <<<"$help" | tr -d ' :') ;;
    --model) names="all paper $(grep -oE 'Names: [a-z_, ]+' <<<"$help" | sed 's/Names: //' | tr -d ,)" ;;
    --device) names="auto cpu cuda" ;;
    --precision) names="float32 float64" ;;
    --engine) names="fused composed" ;;
    *)
      if [[ ${COMP_WORDS[0]##*/} == glifr_analyze && -z $subcommand ]]; then
        names=$(sed -n '/^Subcommands:/,$p' <<<"$help" | grep -oE '^  [a-z-]+')
      fi
      ;;
  esac
  # Without names, files and folders are offered (-o default).
  if [[ -n $names ]]; then mapfile -t COMPREPLY < <(compgen -W "$names" -- "$word"); fi
}
complete -o default -F _glifr glifr_train glifr_analyze
