#include "os/spread.h"

#include "unit.h"

#include <glib.h>
#include <stdatomic.h>

#define N 1000

static atomic_int times[N];
static unsigned told;

static void count(void *context, unsigned i)
{
	assert_ptr_equal(context, times);
	atomic_fetch_add(&times[i], 1);
}

static void done(void *user, unsigned done, unsigned n)
{
	assert_ptr_equal(user, &told);
	assert_true(done > 0 && done <= n);
	told++;
}

static void every_piece_is_done_once(void **state)
{
	static const unsigned threads[] = { 0, 1, 2, 7, 200 };

	(void)state;
	for (unsigned t = 0; t < G_N_ELEMENTS(threads); t++)
		for (unsigned n = 0; n <= N; n = n * 10 + 1) {
			struct nt_spread spread = { threads[t], done, &told };

			for (unsigned i = 0; i < N; i++)
				atomic_store(&times[i], 0);
			told = 0;
			nt_spread(&spread, n, count, times);
			for (unsigned i = 0; i < N; i++)
				assert_int_equal(atomic_load(&times[i]), i < n);
			if (threads[t] == 1)
				assert_int_equal(told, n);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_piece_is_done_once) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
