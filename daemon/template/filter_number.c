#include "template/filter.h"

#include <stdlib.h>

/* Input and first argument as numbers; whether either has a fraction. */
struct pair {
	nt_number a, b;
	bool fraction;
};

static struct pair take_pair(const struct nt_filter_call *call)
{
	struct pair pair;
	bool a, b;

	pair.a = nt_filter_number(call->input, &a);
	pair.b = nt_filter_number(nt_filter_arg(call, 0), &b);
	pair.fraction = a || b;
	return pair;
}

struct nt_datum nt_filter_plus(struct nt_filter_call *call)
{
	struct pair pair = take_pair(call);

	return nt_datum_number(nt_number_add(pair.a, pair.b), pair.fraction);
}

struct nt_datum nt_filter_minus(struct nt_filter_call *call)
{
	struct pair pair = take_pair(call);

	return nt_datum_number(nt_number_subtract(pair.a, pair.b), pair.fraction);
}

struct nt_datum nt_filter_times(struct nt_filter_call *call)
{
	struct pair pair = take_pair(call);

	return nt_datum_number(nt_number_multiply(pair.a, pair.b), pair.fraction);
}

static int64_t floor_divide(int64_t a, int64_t b)
{
	int64_t quotient;

	if (b == -1)
		return a == INT64_MIN ? INT64_MAX : -a;
	quotient = a / b;
	return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

/* Whole numbers give a whole number, rounded down. */
struct nt_datum nt_filter_divided_by(struct nt_filter_call *call)
{
	struct pair pair = take_pair(call);
	nt_number result;

	if (pair.b == 0)
		return nt_filter_problem(call, "division by zero");
	if (!pair.fraction)
		return nt_datum_int(floor_divide(pair.a, pair.b));
	nt_number_divide(pair.a, pair.b, &result);
	return nt_datum_number(result, true);
}

/* The remainder has the divisor's sign. */
struct nt_datum nt_filter_modulo(struct nt_filter_call *call)
{
	struct pair pair = take_pair(call);
	nt_number rest;

	if (pair.b == 0)
		return nt_filter_problem(call, "division by zero");
	rest = pair.b == -1 ? 0 : pair.a % pair.b;
	if (rest != 0 && (rest < 0) != (pair.b < 0))
		rest += pair.b;
	return nt_datum_number(rest, pair.fraction);
}

struct nt_datum nt_filter_abs(struct nt_filter_call *call)
{
	bool fraction;
	nt_number number = nt_filter_number(call->input, &fraction);

	return nt_datum_number(number < 0 ? nt_number_subtract(0, number) : number, fraction);
}

static struct nt_datum pick(struct nt_filter_call *call, bool larger)
{
	bool a_fraction, b_fraction;
	nt_number a = nt_filter_number(call->input, &a_fraction);
	nt_number b = nt_filter_number(nt_filter_arg(call, 0), &b_fraction);

	return (a >= b) == larger ? nt_datum_number(a, a_fraction) : nt_datum_number(b, b_fraction);
}

struct nt_datum nt_filter_at_least(struct nt_filter_call *call)
{
	return pick(call, true);
}

struct nt_datum nt_filter_at_most(struct nt_filter_call *call)
{
	return pick(call, false);
}

struct nt_datum nt_filter_floor(struct nt_filter_call *call)
{
	bool fraction;

	return nt_datum_int(floor_divide(nt_filter_number(call->input, &fraction), NT_NUMBER_ONE));
}

struct nt_datum nt_filter_ceil(struct nt_filter_call *call)
{
	bool fraction;
	nt_number number = nt_filter_number(call->input, &fraction);
	int64_t down = floor_divide(number, NT_NUMBER_ONE);

	return nt_datum_int(number % NT_NUMBER_ONE != 0 ? down + 1 : down);
}

/* Half away from zero. */
struct nt_datum nt_filter_round(struct nt_filter_call *call)
{
	bool fraction;
	nt_number number = nt_filter_number(call->input, &fraction), unit = NT_NUMBER_ONE, rest;
	int digits = 0;

	nt_filter_int(nt_filter_arg(call, 0), &digits);
	for (int i = 0; i < MIN(digits, 6); i++)
		unit /= 10;
	rest = number % unit;
	number -= rest;
	if (llabs(rest) * 2 >= unit)
		number = rest > 0 ? nt_number_add(number, unit) : nt_number_subtract(number, unit);
	return nt_datum_number(number, digits > 0 && (fraction || number % NT_NUMBER_ONE != 0));
}
