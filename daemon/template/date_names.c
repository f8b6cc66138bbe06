#include "template/date_names.h"

#include <glib.h>
#include <string.h>

/* After Unicode CLDR; the first stands for languages that aren't here. */
static const struct nt_date_names names[] = {
	{
		"en",
		{ "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
		 "November",
		  "December" },
		{ "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" },
		{ "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday" },
		{ "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" },
	},
	{
		"de",
		{ "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
		 "November",
		  "Dezember" },
		{ "Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez." },
		{ "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag" },
		{ "Mo", "Di", "Mi", "Do", "Fr", "Sa", "So" },
	},
	{
		"es",
		{ "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre",
		  "noviembre", "diciembre" },
		{ "ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sept", "oct", "nov", "dic" },
		{ "lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo" },
		{ "lun", "mar", "mié", "jue", "vie", "sáb", "dom" },
	},
	{
		"fr",
		{ "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre",
		 "novembre",
		  "décembre" },
		{ "janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc." },
		{ "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche" },
		{ "lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim." },
	},
	{
		"it",
		{ "gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto", "settembre",
		 "ottobre",
		  "novembre", "dicembre" },
		{ "gen", "feb", "mar", "apr", "mag", "giu", "lug", "ago", "set", "ott", "nov", "dic" },
		{ "lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica" },
		{ "lun", "mar", "mer", "gio", "ven", "sab", "dom" },
	},
	{
		"nl",
		{ "januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober",
		  "november", "december" },
		{ "jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec" },
		{ "maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag" },
		{ "ma", "di", "wo", "do", "vr", "za", "zo" },
	},
	{
		"pt",
		{ "janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro",
		  "novembro", "dezembro" },
		{ "jan", "fev", "mar", "abr", "mai", "jun", "jul", "ago", "set", "out", "nov", "dez" },
		{ "segunda-feira", "terça-feira", "quarta-feira", "quinta-feira", "sexta-feira", "sábado", "domingo" },
		{ "seg", "ter", "qua", "qui", "sex", "sáb", "dom" },
	},
};

const struct nt_date_names *nt_date_names(const char *locale)
{
	if (locale != NULL)
		for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
			if (strncmp(locale, names[i].language, 2) == 0 && (locale[2] == '\0' || locale[2] == '-'))
				return &names[i];
	return &names[0];
}
