#compdef glifr_train glifr_analyze
# What can be typed is what the program's own --help tells: subcommands, options, the names that an option takes.
local subcommand help
[[ $service == glifr_analyze ]] && subcommand=${${words[2,CURRENT-1]:#-*}[1]}
help=$(_call_program options $words[1] $subcommand --help 2>/dev/null) || return 1

if [[ $PREFIX == -* ]]; then
  compadd -- ${(f)"$(grep -oE '^  [^ ]+' <<<$help | grep -oE -- '--[A-Za-z0-9-]+')"}
elif [[ $words[CURRENT-1] == --task ]]; then
  compadd -- ${(f)"$(grep -oE '^ {34}[a-z0-9-]+:' <<<$help | tr -d ' :')"}
elif [[ $words[CURRENT-1] == --model ]]; then
  compadd -- all paper ${=${(f)"$(grep -oE 'Names: [a-z_, ]+' <<<$help | sed 's/Names: //' | tr -d ,)"}}
elif [[ $words[CURRENT-1] == --device ]]; then
  compadd auto cpu cuda
elif [[ $words[CURRENT-1] == --precision ]]; then
  compadd float32 float64
elif [[ $words[CURRENT-1] == --engine ]]; then
  compadd fused composed
elif [[ $service == glifr_analyze && -z $subcommand ]]; then
  compadd -- ${(f)"$(sed -n '/^Subcommands:/,$p' <<<$help | grep -oE '^  [a-z-]+' | tr -d ' ')"}
else
  _files
fi
