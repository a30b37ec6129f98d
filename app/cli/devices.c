/* nadir devices, nadir models list|info|verify */
#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

#include "app/cli/cli-chat.h"
#include "app/engine/paths.h"
#include "infer/gguf.h"

static cJSON *device_to_json(const gpu_info *d, guint index)
{
	cJSON *o = cJSON_CreateObject();
	cJSON_AddNumberToObject(o, "index", index);
	cli_json_texts(o, "name", d->name, "driver", d->driver, "uuid", d->uuid, NULL);
	cJSON_AddNumberToObject(o, "vendor_id", d->vendor_id);
	cJSON_AddNumberToObject(o, "device_id", d->device_id);
	cJSON_AddBoolToObject(o, "software", d->software);
	return o;
}

bool cli_devices(int argc, char **argv, GError **error)
{
	g_auto(cli_options) o = {0};
	g_autoptr(GOptionContext) ctx = g_option_context_new(_("— the GPUs that can be used"));
	cli_add_options(ctx, &o, 0);
	if (!cli_parse(ctx, &argc, &argv, 0, 0, error))
		return false;
	g_autoptr(GPtrArray) list = gpu_list(error);
	if (!list)
		return false;
	cJSON *json = o.json ? cJSON_CreateArray() : NULL;
	bool any_real = false;
	for (guint i = 0; i < list->len; i++) {
		const gpu_info *d = list->pdata[i];
		any_real |= !d->software;
		if (json)
			cJSON_AddItemToArray(json, device_to_json(d, i));
		else
			printf("%u  %s  %s  %s%s\n", i, d->uuid, d->name, d->driver, d->software ? _("  (software)") : "");
	}
	if (json)
		cli_print_json(json);
	else if (!any_real)
		printf("%s\n",
		       _("No Vulkan GPU was found; the processor is used, which is slow. Install your GPU's Vulkan driver "
		         "(Debian: mesa-vulkan-drivers or nvidia-vulkan-icd)."));
	return true;
}

static cJSON *model_to_json(const sam_info *i, const char *path)
{
	cJSON *o = cJSON_CreateObject();
	cli_json_texts(o, "file", path, "name", i->name, "version", i->version, "license", i->license, "hash8", i->hash8,
	               "encoder", i->encoder, "card", i->card, NULL);
	cJSON_AddNumberToObject(o, "image_size", i->image_size);
	cJSON_AddNumberToObject(o, "parameters", (double)i->parameters);
	return o;
}

static void print_segmenter(const sam_info *i, const char *path, bool json, bool card)
{
	if (json) {
		cli_print_json(model_to_json(i, path));
		return;
	}
	printf("%s %s  %s  %d px  %.1f M  %s  sha256 %s…  %s\n", i->name, i->version, i->encoder, i->image_size,
	       (double)i->parameters / 1e6, i->license, i->hash8, path);
	if (card && *i->card)
		printf("\n%s\n", i->card);
}

static void print_chat(const chat_info *i, const char *path, bool json, bool card)
{
	if (!json) {
		printf("%s  %s  %u  %.1f M%s%s  %s\n", i->model, i->sees ? "earthgpt-x" : "llama", i->context,
		       (double)i->parameters / 1e6, i->segmenter ? "  " : "", i->segmenter ? i->segmenter : "", path);
		if (card && *i->card)
			printf("\n%s\n", i->card);
		return;
	}
	cJSON *o = cJSON_CreateObject();
	cJSON_AddStringToObject(o, "file", path);
	cJSON_AddStringToObject(o, "model", i->model);
	cJSON_AddStringToObject(o, "architecture", i->sees ? "earthgpt-x" : "llama");
	cJSON_AddNumberToObject(o, "context", i->context);
	cJSON_AddNumberToObject(o, "parameters", (double)i->parameters);
	cJSON_AddNumberToObject(o, "regions_max", i->regions_max);
	cJSON_AddItemToObject(o, "segmenter", i->segmenter ? cJSON_CreateString(i->segmenter) : cJSON_CreateNull());
	cJSON_AddStringToObject(o, "card", i->card);
	cli_print_json(o);
}

/* Whether the file holds a chat model; one that cannot be read is none, and the segmenter's reader says why. */
static bool is_chat(const char *path)
{
	g_autoptr(gguf) g = gguf_open(path, NULL);
	const char *architecture = g ? gguf_get_string(g, "general.architecture", NULL) : NULL;
	return architecture && (strcmp(architecture, "llama") == 0 || strcmp(architecture, "earthgpt-x") == 0);
}

/* Opening checks every name, shape and size in the file, so it is the verification too. */
static bool show_model(const char *name, const cli_options *o, bool card, GError **error)
{
	g_autofree char *path = paths_find_model(name, error);
	if (!path)
		return false;
	if (is_chat(path)) {
		g_auto(cli_chat) c = {0};
		if (!cli_chat_open(path, o, &c, error))
			return false;
		print_chat(chat_get_info(c.chat), path, o->json, card);
		return true;
	}
	const engine_options options = {.device = o->device, .model = path, .no_cache = true};
	g_autoptr(engine) e = engine_open(&options, error);
	if (!e)
		return false;
	print_segmenter(engine_get_info(e)->sam, path, o->json, card);
	return true;
}

static void list_model(const char *folder, const char *file, cJSON *json)
{
	g_autofree char *name = g_strndup(file, strlen(file) - strlen(".gguf"));
	g_autofree char *path = g_build_filename(folder, file, NULL);
	if (!json) {
		printf("%s  %s\n", name, path);
		return;
	}
	cJSON *o = cJSON_CreateObject();
	cli_json_texts(o, "name", name, "file", path, NULL);
	cJSON_AddItemToArray(json, o);
}

static bool list_models(const cli_options *options)
{
	cJSON *json = options->json ? cJSON_CreateArray() : NULL;
	const char *roots[] = {paths_data_dir(), paths_user_dir()};
	for (guint k = 0; k < G_N_ELEMENTS(roots); k++) {
		g_autofree char *folder = g_build_filename(roots[k], "models", NULL);
		g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
		for (const char *name = dir ? g_dir_read_name(dir) : NULL; name; name = g_dir_read_name(dir))
			if (g_str_has_suffix(name, ".gguf"))
				list_model(folder, name, json);
	}
	if (json)
		cli_print_json(json);
	return true;
}

bool cli_models(int argc, char **argv, GError **error)
{
	g_auto(cli_options) o = {0};
	g_autoptr(GOptionContext) ctx = g_option_context_new(_("list | info NAME|FILE | verify NAME|FILE"));
	cli_add_options(ctx, &o, CLI_MODEL);
	if (!cli_parse(ctx, &argc, &argv, 0, 2, error))
		return false;
	const char *verb = argc > 1 ? argv[1] : "list";
	if (strcmp(verb, "list") == 0)
		return list_models(&o);
	const bool info = strcmp(verb, "info") == 0;
	if ((!info && strcmp(verb, "verify") != 0) || argc < 3)
		return cli_usage(error, _("say list, info NAME or verify NAME."));
	return show_model(argv[2], &o, info, error);
}
