/* Runs a rule set's tests (rule-language I.10) on the engine itself. */
#ifndef NT_ENGINE_TESTRUN_H
#define NT_ENGINE_TESTRUN_H

#include <glib.h>
#include <stdbool.h>

struct nt_diags;
struct nt_program;

struct nt_test_result {
	const char *name;
	bool passed;
	GString *report; /* on failure: where it stands, expected and actual side by side */
};
/* Runs tests[i]; the result is the caller's: nt_test_result_clear(). `load` reads another rule folder for `load:
 * FOLDER` (path relative to the test's file), or NULL. Malformed tests fail with a report that names the place. */
struct nt_test_result nt_test_run(struct nt_program *program, unsigned i,
                                  struct nt_program *(*load)(void *user, const char *test_file, const char *folder,
                                                             GString *why),
                                  void *user);
void nt_test_result_clear(struct nt_test_result *result);

#endif
