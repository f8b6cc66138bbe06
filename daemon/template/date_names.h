/* Names of months and days in the languages that templates are written in. */
#ifndef NT_TEMPLATE_DATE_NAMES_H
#define NT_TEMPLATE_DATE_NAMES_H

struct nt_date_names {
	const char *language;
	const char *months[12], *short_months[12];
	const char *days[7], *short_days[7]; /* from Monday */
};

/* By a locale's language ("de-AT": German); English for NULL, "" and languages that aren't here. */
const struct nt_date_names *nt_date_names(const char *locale);

#endif
