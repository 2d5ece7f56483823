#compdef glifr_train glifr_analyze
# What can be typed is what the program's own --help tells: subcommands, options, the names that an option takes. Those
# of tasks and models are what --help of glifr_train in the same folder tells.
local subcommand help option
local -a subcommands
option=$words[CURRENT-1]
help=$(_call_program options $words[1] --help 2>/dev/null) || return 1
if [[ $service == glifr_analyze ]]; then
  subcommands=(${(f)"$(sed -n '/^Subcommands:/,$p' <<<$help | grep -oE '^  [a-z-]+' | tr -d ' ')"})
  subcommand=${${words[2,CURRENT-1]:*subcommands}[1]}
  [[ -n $subcommand ]] && { help=$(_call_program options $words[1] $subcommand --help 2>/dev/null) || return 1 }
fi
if [[ $PREFIX != -* && $option == --(task|model) ]]; then
  help=$(_call_program options ${words[1]%glifr_*}glifr_train --help 2>/dev/null) || return 1
fi

if [[ $PREFIX == -* ]]; then
  compadd -- ${(f)"$(grep -oE '^  [^ ]+' <<<$help | grep -oE -- '--[A-Za-z0-9-]+')"}
elif [[ $option == --task ]]; then
  compadd -- ${(f)"$(grep -oE '^ {34}[a-z0-9-]+:' <<<$help | tr -d ' :')"}
elif [[ $option == --model ]]; then
  [[ -z $subcommand || $subcommand == count ]] && compadd all paper
  compadd -- ${=${(f)"$(grep -oE 'Names: [a-z_, ]+' <<<$help | sed 's/Names: //' | tr -d ,)"}}
elif [[ $option == --device ]]; then
  compadd auto cpu cuda
elif [[ $option == --precision ]]; then
  compadd float32 float64
elif [[ $option == --engine ]]; then
  compadd fused composed
elif [[ $option == --distribute ]]; then
  compadd auto batch trials
elif [[ $option == --monitor ]]; then
  compadd train_loss val_loss val_acc
elif [[ $option == --cpu-target ]]; then
  compadd auto baseline x86-64-v3 x86-64-v4 x86-64-v4-amx
elif [[ $service == glifr_analyze && -z $subcommand ]]; then
  compadd -- $subcommands
else
  _files
fi
