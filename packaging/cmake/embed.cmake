# embed_text(FILE HEADER NAME): a header with the file's text as a string constant.
function(embed_text file header name)
	set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
	file(READ ${file} text)
	string(REPLACE "\\" "\\\\" text "${text}")
	string(REPLACE "\"" "\\\"" text "${text}")
	string(REPLACE "\n" "\\n\"\n\t\"" text "${text}")
	file(CONFIGURE OUTPUT ${header} CONTENT
		"static const char ${name}[] =\n\t\"${text}\";\n" @ONLY)
endfunction()
