/* Runs a rule set's tests (rule-language I.10) on the engine itself. */
#ifndef NT_ENGINE_TESTRUN_H
#define NT_ENGINE_TESTRUN_H

#include <glib.h>
#include <stdbool.h>

struct nt_diags;
struct nt_program;
struct nt_trace;

struct nt_test_options {
	/* Reads another rule folder for `load: FOLDER`, whose path is relative to the test's file; NULL: there is
	 * none. Why it can't be read goes to *why. */
	struct nt_program *(*load)(void *user, const char *test_file, const char *folder, GString *why);
	void *user;
	const struct nt_trace *trace; /* told where runs go (coverage.h); or NULL */
	unsigned width;               /* of a report's lines, in characters; 0: 80 */
};

struct nt_test_result {
	const char *name;
	bool passed;
	GString *report; /* on failure: where it stands, expected and actual side by side */
};
/* Runs tests[i]; the result is the caller's: nt_test_result_clear(). Malformed tests fail with a report that names the
 * place. */
struct nt_test_result nt_test_run(struct nt_program *program, unsigned i, const struct nt_test_options *options);
void nt_test_result_clear(struct nt_test_result *result);

#endif
