# As projects carry one from before the library had a package of its own: it sets variables and makes no target.
set(TBB_INCLUDE_DIR /usr/include)
set(TBB_INCLUDE_DIRS /usr/include)
set(TBB_LIBRARIES "")
set(TBB_FOUND TRUE)
