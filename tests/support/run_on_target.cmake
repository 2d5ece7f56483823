# Runs PROGRAM where TELL says that this machine has TARGET.
execute_process(COMMAND ${TELL} OUTPUT_VARIABLE targets COMMAND_ERROR_IS_FATAL ANY)
if(NOT targets MATCHES "(^|\n)${TARGET}\n")
  message("[skipped] this machine does not have ${TARGET}")
  return()
endif()
execute_process(COMMAND ${PROGRAM} COMMAND_ERROR_IS_FATAL ANY)
