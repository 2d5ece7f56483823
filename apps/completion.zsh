#compdef glifr_train glifr_analyze
# zsh reads the options from the program's own --help.
_gnu_generic
