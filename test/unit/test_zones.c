/* Zones by name from the system's tzdata, and from nowhere else. */
#include "unit.h"

#include "os/zones.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <pthread.h>
#include <string.h>

static const struct nt_zones *zones;

static int begin(void **state)
{
	char *why = NULL;

	(void)state;
	zones = nt_zones_open(NULL, &why);
	if (zones == NULL)
		print_message("%s\n", why);
	return zones == NULL;
}

static int end(void **state)
{
	(void)state;
	nt_zones_close(zones);
	return 0;
}

static void finds_what_tzdata_lists(void **state)
{
	const struct nt_zone *berlin = zones->find(zones, "Europe/Berlin");

	(void)state;
	assert_non_null(berlin);
	assert_string_equal(nt_zone_name(berlin), "Europe/Berlin");
	assert_int_equal(nt_zone_offset(berlin, 0, NULL, NULL), 3600);
	assert_ptr_equal(zones->find(zones, "Europe/Berlin"), berlin);
	assert_non_null(zones->find(zones, "US/Eastern")); /* a second name */
	assert_non_null(zones->utc);
	assert_int_equal(strlen(zones->version), 64);
}

static void finds_nothing_else(void **state)
{
	static const char *const names[] = { "", "Europe", "europe/berlin", "Europe/Brelin", "../../../etc/passwd",
		"/etc/localtime",
		"Europe/../Europe/Berlin", "posix/Europe/Berlin", "tzdata.zi", "zone.tab", "Z",
			"EST5EDT,M3.2.0,M11.1.0", NULL };

	(void)state;
	for (unsigned i = 0; names[i] != NULL; i++)
		if (zones->find(zones, names[i]) != NULL)
			fail_msg("'%s' was found", names[i]);
}

static void every_name_has_a_zone(void **state)
{
	const char *const *names = zones->names(zones);
	unsigned n = 0;

	(void)state;
	for (; names[n] != NULL; n++) {
		assert_true(n == 0 || strcmp(names[n - 1], names[n]) < 0);
		if (zones->find(zones, names[n]) == NULL)
			fail_msg("'%s' can't be loaded", names[n]);
	}
	assert_true(n > 400);
}

static void *ask(void *first)
{
	const char *const *names = zones->names(zones);
	const struct nt_zone **found = first;

	for (unsigned i = 0; i < 100; i++)
		found[i] = zones->find(zones, names[i]);
	return NULL;
}

static void any_thread_may_ask(void **state)
{
	const struct nt_zone *found[4][100];
	pthread_t threads[4];

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask, found[i]), 0);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	for (unsigned i = 1; i < 4; i++)
		assert_memory_equal(found[i], found[0], sizeof found[0]);
}

static void says_what_is_missing(void **state)
{
	char *folder = g_dir_make_tmp("nt-zones-XXXXXX", NULL), *why = NULL;

	(void)state;
	assert_null(nt_zones_open(folder, &why));
	assert_non_null(strstr(why, "is tzdata installed?"));
	g_rmdir(folder);
	g_free(folder);
	g_free(why);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_tzdata_lists),
		cmocka_unit_test(finds_nothing_else),
		cmocka_unit_test(every_name_has_a_zone),
		cmocka_unit_test(any_thread_may_ask),
		cmocka_unit_test(says_what_is_missing),
	};

	return cmocka_run_group_tests_name("zones", tests, begin, end);
}
