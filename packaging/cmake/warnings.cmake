# Compiler flags of every target: warnings, hardening for optimised builds, sanitizers for tests.
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
	# no type would mean no optimisation, and without that no hardening either
	set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Debug, Release, RelWithDebInfo, MinSizeRel"
		FORCE)
endif()
# clang counts signs among conversions, gcc does not
add_compile_options(-Wall -Wextra -Wconversion -Wno-sign-conversion -Wshadow -Wstrict-prototypes
	-Wmissing-prototypes -Wvla -Wformat=2 -Wundef -Wpointer-arith -Wswitch-enum -Wno-unused-parameter
	-Wno-missing-field-initializers -fno-strict-aliasing)
add_compile_definitions(_GNU_SOURCE)
if(ADSYNC_WERROR)
	add_compile_options(-Werror)
endif()
if(ADSYNC_SANITIZE)
	add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined
		-fno-omit-frame-pointer)
	add_link_options(-fsanitize=address,undefined)
else()
	# _FORTIFY_SOURCE needs optimisation; a packager's own value gives way to ours
	add_compile_options("$<$<CONFIG:Release,RelWithDebInfo,MinSizeRel>:SHELL:\
-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection -fPIE>")
	add_link_options("$<$<CONFIG:Release,RelWithDebInfo,MinSizeRel>:SHELL:\
-pie -Wl,-z,relro,-z,now,-z,noexecstack>")
endif()
if(ADSYNC_FAULTS)
	add_compile_definitions(ADSYNC_FAULTS=1)
endif()
if(ADSYNC_FUZZ)
	add_compile_options(-fsanitize=fuzzer-no-link)
endif()
