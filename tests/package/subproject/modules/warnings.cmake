message(FATAL_ERROR "glifr includes a file of the project that includes it instead of its own")
