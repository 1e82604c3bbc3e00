# Run by the installation, after the journal's catalog was put down. journalctl reads an index of all
# catalogs: without this it would explain our events only after systemd's next upgrade. What goes to
# DESTDIR is a package, and whoever installs that does it then.
if("$ENV{DESTDIR}" STREQUAL "")
	execute_process(COMMAND journalctl --update-catalog RESULT_VARIABLE result)
	if(NOT result EQUAL 0)
		message(WARNING "journalctl --update-catalog failed (${result}): journalctl -x will "
			"not explain the events of adsyncd until it is run")
	endif()
endif()
