# As projects carry one from before the library had a package of its own: it sets variables and makes no target.
set(ZLIB_INCLUDE_DIR /usr/include)
set(ZLIB_INCLUDE_DIRS /usr/include)
set(ZLIB_LIBRARIES "")
set(ZLIB_FOUND TRUE)
