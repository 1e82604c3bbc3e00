# Where an installed adsyncd finds its files, said once: targets that name one link adsync_paths,
# manual pages and the sample configuration are made with the same folders.
set(ADSYNC_CONFDIR ${CMAKE_INSTALL_FULL_SYSCONFDIR}/adsyncd)
set(ADSYNC_DATADIR ${CMAKE_INSTALL_FULL_DATADIR}/adsyncd)
# systemd makes these two, wherever the program is installed; see adsyncd.service.in
set(ADSYNC_RUNDIR /run/adsyncd CACHE PATH "The sockets, below /run")
set(ADSYNC_STATEDIR /var/lib/adsyncd CACHE PATH "The store and the schedule, below /var/lib")

add_library(adsync_paths INTERFACE)
target_compile_definitions(adsync_paths INTERFACE
	ADSYNC_CONFDIR="${ADSYNC_CONFDIR}"
	ADSYNC_DATADIR="${ADSYNC_DATADIR}"
	ADSYNC_RUNDIR="${ADSYNC_RUNDIR}"
	ADSYNC_STATEDIR="${ADSYNC_STATEDIR}"
	ADSYNC_VERSION="${PROJECT_VERSION}")

# below(RESULT PATH FOLDER): the rest of a path, as a unit of systemd wants it.
function(below result path folder)
	cmake_path(RELATIVE_PATH path BASE_DIRECTORY ${folder} OUTPUT_VARIABLE rest)
	if(NOT rest MATCHES "^[^./]")
		message(FATAL_ERROR "${path} is not below ${folder}, where systemd would make it")
	endif()
	set(${result} ${rest} PARENT_SCOPE)
endfunction()
