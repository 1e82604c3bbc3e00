# Compiler flags of every target: warnings, hardening for release builds, sanitizers for tests.
add_compile_options(-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
	-Wformat=2 -Wundef -Wpointer-arith -Wno-unused-parameter -Wno-missing-field-initializers
	-fno-strict-aliasing)
add_compile_definitions(_GNU_SOURCE)
if(ADSYNC_WERROR)
	add_compile_options(-Werror)
endif()
if(ADSYNC_SANITIZE)
	add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined
		-fno-omit-frame-pointer)
	add_link_options(-fsanitize=address,undefined)
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
	add_compile_options(-fstack-protector-strong -fstack-clash-protection -D_FORTIFY_SOURCE=2
		-fPIE)
	add_link_options(-pie -Wl,-z,relro,-z,now)
endif()
if(ADSYNC_FAULTS)
	add_compile_definitions(ADSYNC_FAULTS=1)
endif()
if(ADSYNC_FUZZ)
	add_compile_options(-fsanitize=fuzzer-no-link)
endif()
