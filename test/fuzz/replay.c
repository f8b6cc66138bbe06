/* The main of a fuzzer that isn't fuzzing: runs every file of its corpus once. The corpus is test/fuzz/corpus/NOUN for
 * a program named fuzz_NOUN, or the files and folders named on the command line. An empty corpus is a failure. */
#include "fuzz.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned replayed;

static void replay_file(const char *path)
{
	GError *error = NULL;
	char *data;
	gsize size;

	if (!g_file_get_contents(path, &data, &size, &error)) {
		fprintf(stderr, "%s: %s\n", path, error->message);
		exit(1);
	}
	/* A copy of exactly that size, so that reading past the end is seen by the sanitizer. */
	uint8_t *exact = g_malloc(size ? size : 1);
	memcpy(exact, data, size);
	g_free(data);
	printf("%s\n", path);
	fflush(stdout);
	LLVMFuzzerTestOneInput(exact, size);
	g_free(exact);
	replayed++;
}

static void replay(const char *path)
{
	GDir *dir = g_dir_open(path, 0, NULL);
	const char *name;

	if (!dir) {
		replay_file(path);
		return;
	}
	while ((name = g_dir_read_name(dir))) {
		char *below = g_build_filename(path, name, NULL);
		replay(below);
		g_free(below);
	}
	g_dir_close(dir);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	if (argc == 1) {
		const char *noun = strstr(argv[0], "fuzz_");
		const char *root = g_getenv("NT_SRCDIR");
		char *corpus;

		for (const char *more = noun; more; more = strstr(more + 1, "fuzz_"))
			noun = more;
		corpus = g_build_filename(root ? root : ".", "test", "fuzz", "corpus", noun ? noun + 5 : argv[0], NULL);
		replay(corpus);
		g_free(corpus);
	}
	printf("%u inputs replayed\n", replayed);
	return replayed ? 0 : 1;
}
