#include "unit.h"

#include "base/number.h"

#include <string.h>

#define MOST "9223372036854.775807"
#define LEAST "-9223372036854.775808"

static nt_number number(const char *text)
{
	nt_number n = 0;

	if (!nt_number_parse(text, strlen(text), &n))
		fail_msg("'%s' was refused", text);
	return n;
}

static void assert_prints(nt_number n, const char *expected)
{
	GString *out = g_string_new(NULL);

	nt_number_print(n, out);
	assert_string_equal(out->str, expected);
	g_string_free(out, TRUE);
}

static void reads_what_people_and_json_write(void **state)
{
	static const char *const cases[][2] = {
		{ "0", "0" },
		{ "-0", "0" },
		{ "12", "12" },
		{ "-0.5", "-0.5" },
		{ "1e3", "1000" },
		{ "1.5E+2", "150" },
		{ "25e-1", "2.5" },
		{ "0.000001", "0.000001" },
		{ "100.10", "100.1" },
		{ "123456789.123456", "123456789.123456" },
		{ "0e999999999999999999999", "0" },
		{ "0.00000000000000000001e20", "1" },
		{ "100000000000000000000e-20", "1" },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		assert_prints(number(cases[i][0]), cases[i][1]);
}

static void rounds_the_seventh_decimal_half_away_from_zero(void **state)
{
	(void)state;
	assert_prints(number("0.0000005"), "0.000001");
	assert_prints(number("-0.0000005"), "-0.000001");
	assert_prints(number("0.00000049999999"), "0");
	assert_prints(number("5e-7"), "0.000001");
	assert_prints(number("5e-8"), "0");
	assert_prints(number("1.9999999"), "2");
}

static void saturates_instead_of_overflowing(void **state)
{
	(void)state;
	assert_prints(number(MOST), MOST);
	assert_prints(number(LEAST), LEAST);
	assert_prints(number("9223372036854.7758079"), MOST);
	assert_prints(number("99999999999999999999999999"), MOST);
	assert_prints(number("-1e400"), LEAST);
	assert_prints(number("1e-400"), "0");
	assert_prints(nt_number_from_int(INT64_MAX), MOST);
	assert_prints(nt_number_from_int(INT64_MIN), LEAST);
	assert_prints(nt_number_add(INT64_MAX, 1), MOST);
	assert_prints(nt_number_subtract(INT64_MIN, 1), LEAST);
	assert_prints(nt_number_subtract(0, INT64_MIN), MOST);
	assert_prints(nt_number_multiply(INT64_MIN, INT64_MIN), MOST);
	assert_prints(nt_number_multiply(INT64_MAX, INT64_MIN), LEAST);
}

static void refuses_what_is_no_number(void **state)
{
	static const char *const cases[] = { "", "-", "+1", "01", "-01", ".5", "5.", "1e", "1e+", "1.e3", "1 ",
		                             " 1", "0x10", "1,000", "inf", "NaN", "1e5.0", "--1", "1-" };
	nt_number n = 77;

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		if (nt_number_parse(cases[i], strlen(cases[i]), &n))
			fail_msg("'%s' was taken", cases[i]);
	assert_int_equal(n, 77);
	assert_true(nt_number_parse("123", 2, &n));
	assert_prints(n, "12");
}

static void multiplies_and_divides_half_away_from_zero(void **state)
{
	nt_number n;

	(void)state;
	assert_prints(nt_number_multiply(number("0.000001"), number("0.5")), "0.000001");
	assert_prints(nt_number_multiply(number("-0.000001"), number("0.5")), "-0.000001");
	assert_prints(nt_number_multiply(number("0.000001"), number("0.499999")), "0");
	assert_prints(nt_number_multiply(number("12.5"), number("-4")), "-50");
	assert_true(nt_number_divide(number("2"), number("3"), &n));
	assert_prints(n, "0.666667");
	assert_true(nt_number_divide(number("-2"), number("3"), &n));
	assert_prints(n, "-0.666667");
	assert_true(nt_number_divide(number("1"), number("3"), &n));
	assert_prints(n, "0.333333");
	assert_true(nt_number_divide(number("0.000001"), number("-2"), &n));
	assert_prints(n, "-0.000001");
	assert_true(nt_number_divide(INT64_MAX, 1, &n));
	assert_prints(n, MOST);
	assert_true(nt_number_divide(INT64_MIN, -1, &n));
	assert_prints(n, MOST);
	assert_true(nt_number_divide(INT64_MIN, INT64_MIN, &n));
	assert_prints(n, "1");
}

static void division_by_zero_gives_none(void **state)
{
	nt_number n = 5;

	(void)state;
	assert_false(nt_number_divide(NT_NUMBER_ONE, 0, &n));
	assert_int_equal(n, 5);
}

static void whole_numbers_are_floor_of_x_plus_a_half(void **state)
{
	(void)state;
	assert_int_equal(nt_number_round(number("2.5")), 3);
	assert_int_equal(nt_number_round(number("2.499999")), 2);
	assert_int_equal(nt_number_round(number("-2.5")), -2);
	assert_int_equal(nt_number_round(number("-2.500001")), -3);
	assert_int_equal(nt_number_round(number("-0.5")), 0);
	assert_int_equal(nt_number_round(INT64_MAX), 9223372036855);
	assert_int_equal(nt_number_round(INT64_MIN), -9223372036855);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_people_and_json_write),
		cmocka_unit_test(rounds_the_seventh_decimal_half_away_from_zero),
		cmocka_unit_test(saturates_instead_of_overflowing),
		cmocka_unit_test(refuses_what_is_no_number),
		cmocka_unit_test(multiplies_and_divides_half_away_from_zero),
		cmocka_unit_test(division_by_zero_gives_none),
		cmocka_unit_test(whole_numbers_are_floor_of_x_plus_a_half),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
