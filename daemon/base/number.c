#include "base/number.h"

#include <inttypes.h>

#define DECIMALS 6
#define LARGEST_EXPONENT 1000000 /* beyond any text we take; keeps sums of exponents small */

static nt_number saturate(__int128 n)
{
	if (n > INT64_MAX)
		return INT64_MAX;
	if (n < INT64_MIN)
		return INT64_MIN;
	return (nt_number)n;
}

/* Half away from zero. The operands stay far below 2^127, so that 2 * remainder can't overflow. */
static __int128 divide_rounded(__int128 a, __int128 b)
{
	__int128 quotient = a / b, remainder = a % b;
	__int128 size = remainder < 0 ? -remainder : remainder, divisor = b < 0 ? -b : b;

	if (2 * size >= divisor)
		quotient += (a < 0) == (b < 0) ? 1 : -1;
	return quotient;
}

nt_number nt_number_from_int(int64_t n)
{
	return saturate((__int128)n * NT_NUMBER_ONE);
}

int64_t nt_number_round(nt_number n)
{
	int64_t whole = n / NT_NUMBER_ONE, rest = n % NT_NUMBER_ONE;

	if (rest < 0) {
		rest += NT_NUMBER_ONE;
		whole--;
	}
	return whole + (rest >= NT_NUMBER_ONE / 2);
}

nt_number nt_number_add(nt_number a, nt_number b)
{
	return saturate((__int128)a + b);
}

nt_number nt_number_subtract(nt_number a, nt_number b)
{
	return saturate((__int128)a - b);
}

nt_number nt_number_multiply(nt_number a, nt_number b)
{
	return saturate(divide_rounded((__int128)a * b, NT_NUMBER_ONE));
}

bool nt_number_divide(nt_number a, nt_number b, nt_number *out)
{
	if (b == 0)
		return false;
	*out = saturate(divide_rounded((__int128)a * NT_NUMBER_ONE, b));
	return true;
}

/* A decimal number's text, taken apart as RFC 8259 section 6 writes it. */
struct decimal {
	bool negative;
	const char *whole, *fraction; /* digits */
	size_t n_whole, n_fraction;
	int64_t exponent;
};

static size_t count_digits(const char *p, const char *end)
{
	size_t n = 0;

	while (p + n < end && g_ascii_isdigit(p[n]))
		n++;
	return n;
}

static bool read_exponent(const char *p, const char *end, int64_t *exponent)
{
	bool negative = p < end && *p == '-';

	if (p < end && (*p == '-' || *p == '+'))
		p++;
	if (p == end || count_digits(p, end) != (size_t)(end - p))
		return false;
	for (*exponent = 0; p < end; p++)
		*exponent = MIN(*exponent * 10 + (*p - '0'), LARGEST_EXPONENT);
	if (negative)
		*exponent = -*exponent;
	return true;
}

static bool read_decimal(const char *p, const char *end, struct decimal *d)
{
	*d = (struct decimal){ .negative = p < end && *p == '-' };
	if (d->negative)
		p++;
	d->whole = p;
	d->n_whole = count_digits(p, end);
	if (d->n_whole == 0 || (d->n_whole > 1 && *p == '0'))
		return false;
	p += d->n_whole;
	if (p < end && *p == '.') {
		d->fraction = ++p;
		d->n_fraction = count_digits(p, end);
		if (d->n_fraction == 0)
			return false;
		p += d->n_fraction;
	}
	if (p < end && (*p == 'e' || *p == 'E'))
		return read_exponent(p + 1, end, &d->exponent);
	return p == end;
}

static int digit(const struct decimal *d, size_t i)
{
	if (i < d->n_whole)
		return d->whole[i] - '0';
	i -= d->n_whole;
	return i < d->n_fraction ? d->fraction[i] - '0' : 0;
}

bool nt_number_parse(const char *text, size_t length, nt_number *out)
{
	struct decimal d;
	size_t total, first = 0;
	int64_t kept; /* digits of the text, from `first`, that stand before the seventh decimal */
	__int128 sum = 0;

	if (!read_decimal(text, text + length, &d))
		return false;
	total = d.n_whole + d.n_fraction;
	while (first < total && digit(&d, first) == 0)
		first++;
	if (first == total) {
		*out = 0;
		return true;
	}
	kept = (int64_t)d.n_whole - (int64_t)first + d.exponent + DECIMALS;
	for (int64_t i = 0; i < kept && sum <= INT64_MAX; i++)
		sum = sum * 10 + digit(&d, first + (size_t)i);
	if (kept >= 0 && sum <= INT64_MAX && digit(&d, first + (size_t)kept) >= 5)
		sum++;
	*out = saturate(d.negative ? -sum : sum);
	return true;
}

void nt_int_print(int64_t n, GString *out)
{
	uint64_t rest = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
	char text[24], *digit = text + sizeof text;

	do
		*--digit = (char)('0' + rest % 10);
	while ((rest /= 10) > 0);
	if (n < 0)
		*--digit = '-';
	g_string_append_len(out, digit, text + sizeof text - digit);
}

void nt_number_print(nt_number n, GString *out)
{
	uint64_t size = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
	unsigned fraction = (unsigned)(size % (uint64_t)NT_NUMBER_ONE);
	int digits = DECIMALS;

	if (n < 0)
		g_string_append_c(out, '-');
	nt_int_print((int64_t)(size / (uint64_t)NT_NUMBER_ONE), out);
	if (fraction == 0)
		return;
	for (; fraction % 10 == 0; digits--)
		fraction /= 10;
	g_string_append_printf(out, ".%0*u", digits, fraction);
}
