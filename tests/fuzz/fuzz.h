/*
 * A fuzz target is a function of bytes. With clang's libFuzzer (preset fuzz) it is driven by it;
 * otherwise main() runs it over the files given, which is how ctest runs the corpus.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
