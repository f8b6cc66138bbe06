/* What a fuzzer defines: one input in, no crash, no hang, nothing kept. Returns 0.
 *
 * Without --enable-fuzzers it is linked with replay.c, which feeds it its corpus, test/fuzz/corpus/NOUN. */
#ifndef NT_TEST_FUZZ_H
#define NT_TEST_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
