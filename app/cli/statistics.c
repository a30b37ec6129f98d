/* nadir statistics PROJECT [-o OUT.csv|pdf|svg|png]… [--agree A --agree B] */
#include <glib/gi18n.h>
#include <stdio.h>

#include "app/cli/cli-private.h"
#include "render/review/report.h"

static void print_json(const statistics *s)
{
	cJSON *json = cJSON_CreateObject(), *decisions = cJSON_AddObjectToObject(json, "decisions");
	cJSON_AddNumberToObject(json, "objects", s->total);
	for (int d = 0; d < REVIEW_DECISIONS; d++)
		cJSON_AddNumberToObject(decisions, review_decision_name((review_decision)d), s->by_decision[d]);
	cJSON_AddNumberToObject(json, "relabelled", s->relabelled);
	cJSON_AddNumberToObject(json, "fixed", s->fixed);
	if (s->agreed) {
		cJSON *a = cJSON_AddObjectToObject(json, "agreement");
		cJSON_AddNumberToObject(a, "both", s->agreed->both);
		cJSON_AddNumberToObject(a, "same_class", s->agreed->same_class);
		cJSON_AddNumberToObject(a, "only_a", s->agreed->only_a);
		cJSON_AddNumberToObject(a, "only_b", s->agreed->only_b);
		cJSON_AddNumberToObject(a, "mean_iou", s->agreed->mean_iou); /* NaN is written as null */
		cJSON_AddNumberToObject(a, "kappa", s->agreed->kappa);
	}
	cli_print_json(json);
}

static bool write_all(const statistics *s, const char *path, char **outputs, GError **error)
{
	g_autofree char *title = g_path_get_basename(path);
	for (char **out = outputs; out && *out; out++)
		if (!report_write(s, title, *out, error))
			return false;
	return true;
}

bool cli_statistics(int argc, char **argv, GError **error)
{
	g_auto(cli_options) o = {0};
	g_auto(GStrv) outputs = NULL, sets = NULL;
	const GOptionEntry entries[] = {
		{"output", 'o', 0, G_OPTION_ARG_FILENAME_ARRAY, &outputs, N_(".csv, .pdf, .svg or .png"), "OUT"},
		{"agree", 0, 0, G_OPTION_ARG_STRING_ARRAY, &sets,
	     N_("a label set (an imported file, a model, a person); twice"), "SET"},
		{0}};
	g_autoptr(GOptionContext) ctx = g_option_context_new(_("PROJECT — what its review has come to"));
	g_option_context_add_main_entries(ctx, entries, GETTEXT_PACKAGE);
	cli_add_options(ctx, &o, 0);
	if (!cli_parse(ctx, &argc, &argv, 1, 1, error))
		return false;
	if (sets && g_strv_length(sets) != 2)
		return cli_usage(error, _("--agree names a label set: give it twice."));
	g_autoptr(project) p = project_open(argv[1], error);
	g_autoptr(statistics) s = p ? statistics_of(p, sets ? sets[0] : NULL, sets ? sets[1] : NULL, error) : NULL;
	if (!s || !write_all(s, argv[1], outputs, error))
		return false;
	if (o.json) {
		print_json(s);
	} else if (!outputs) {
		g_autofree char *text = report_csv(s);
		fputs(text, stdout);
	}
	return true;
}
