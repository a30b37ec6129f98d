/* Device list: deduplication and order, choice by wish, quirks, caps. */
#include "infer/vk/gpu-private.h"
#include "tests/gpu/vk/fixture.h"
#include <string.h>

static gpu_candidate made_up(const char *name, uint8_t uuid, VkDriverId driver, VkPhysicalDeviceType type)
{
	gpu_candidate c = {0};

	memset(c.id.deviceUUID, uuid, VK_UUID_SIZE);
	c.driver.driverID = driver;
	c.props.deviceType = type;
	g_strlcpy(c.props.deviceName, name, sizeof(c.props.deviceName));
	return c;
}

static GArray *zoo(void)
{
	const VkPhysicalDeviceType discrete = VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU;
	const gpu_candidate all[] = {
		made_up("llvmpipe", 1, VK_DRIVER_ID_MESA_LLVMPIPE, VK_PHYSICAL_DEVICE_TYPE_CPU),
		made_up("card by Dozen", 2, VK_DRIVER_ID_MESA_DOZEN, discrete),
		made_up("card by AMDVLK", 2, VK_DRIVER_ID_AMD_OPEN_SOURCE, discrete),
		made_up("card by RADV", 2, VK_DRIVER_ID_MESA_RADV, discrete),
		made_up("laptop", 3, VK_DRIVER_ID_INTEL_OPEN_SOURCE_MESA, VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU),
		made_up("twin 1", 4, VK_DRIVER_ID_MOLTENVK, discrete),
		made_up("twin 2", 4, VK_DRIVER_ID_MOLTENVK, discrete),
	};
	GArray *list = g_array_new(FALSE, TRUE, sizeof(gpu_candidate));

	g_array_append_vals(list, all, G_N_ELEMENTS(all));
	return list;
}

static const char *name_at(GArray *list, int i)
{
	return g_array_index(list, gpu_candidate, i).props.deviceName;
}

static void test_dedupe(void)
{
	g_autoptr(GArray) list = zoo();

	gpu_dedupe(list);
	g_assert_cmpuint(list->len, ==, 5);
	g_assert_cmpstr(name_at(list, 0), ==, "card by RADV");
	g_assert_true(g_str_has_prefix(name_at(list, 1), "twin"));
	g_assert_true(g_str_has_prefix(name_at(list, 2), "twin"));
	g_assert_cmpstr(name_at(list, 1), !=, name_at(list, 2));
	g_assert_cmpstr(name_at(list, 3), ==, "laptop");
	g_assert_cmpstr(name_at(list, 4), ==, "llvmpipe");
}

static void test_pick(void)
{
	g_autoptr(GArray) list = zoo();
	static const struct {
		const char *wish;
		int index;
	} cases[] = {
		{NULL, 0},
		{"software", 4},
		{"0", 0},
		{"3", 3},
		{"5", -1},
		{"03030303-0303", 3},
		{"03030303-0303-0303-0303-030303030303", 3},
		{"laptop", -1},
		{"", -1},
	};

	gpu_dedupe(list);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		g_assert_cmpint(gpu_pick(list, cases[i].wish, &error), ==, cases[i].index);
		if (cases[i].index < 0)
			g_assert_error(error, GPU_ERROR, GPU_ERROR_UNAVAILABLE);
	}
	/* With nothing but software that is what an open without a wish gets. */
	g_array_remove_range(list, 0, 4);
	g_assert_cmpint(gpu_pick(list, NULL, NULL), ==, 0);
}

static void test_quirks(void)
{
	g_assert_cmpuint(gpu_quirks_for(0x10001, 1, VK_DRIVER_ID_MESA_RADV, 1), ==,
	                 GPU_QUIRK_NO_F16_STORAGE | GPU_QUIRK_NO_F16_MATH);
	g_assert_cmpuint(gpu_quirks_for(0x10005, 0, VK_DRIVER_ID_MESA_LLVMPIPE, 1), ==, 0);
}

static void test_list(void)
{
	GError *error = NULL;
	g_autoptr(GPtrArray) list = gpu_list(&error);
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	bool software_before = false;

	g_assert_no_error(error);
	g_assert_cmpuint(list->len, >, 0);
	for (guint i = 0; i < list->len; i++) {
		gpu_info *info = g_ptr_array_index(list, i);
		g_assert_cmpuint(strlen(info->uuid), ==, 36);
		g_assert_cmpuint(strlen(info->name), >, 0);
		g_assert_cmpuint(strlen(info->driver), >, 0);
		g_assert_true(g_hash_table_add(seen, info->uuid));
		g_assert_false(software_before && !info->software);
		software_before |= info->software;
		g_autoptr(gpu) dev = gpu_open(&(gpu_options){.device = info->uuid, .validation = true}, &error);
		g_assert_no_error(error);
		g_assert_cmpstr(gpu_get_info(dev)->uuid, ==, info->uuid);
	}
}

static void test_caps(gconstpointer data)
{
	g_autoptr(gpu) dev = open_device(data);
	const gpu_caps *caps = gpu_get_caps(dev);

	g_assert_cmpuint(caps->max_push_bytes, >=, 128);
	g_assert_cmpuint(caps->max_shared_bytes, >=, 16 << 10);
	g_assert_cmpuint(caps->max_binding_bytes, >=, 128 << 20);
	g_assert_cmpuint(caps->max_alloc_bytes, <=, caps->memory_bytes);
	g_assert_cmpuint(caps->max_groups[0], >=, 65535);
	g_assert_true(caps->binding_align <= GPU_ALIGN && GPU_ALIGN % caps->binding_align == 0);
	if (GPOINTER_TO_UINT(data) % 2) {
		g_assert_false(caps->f16_storage || caps->f16_math);
		g_assert_cmpuint(caps->subgroup_max, ==, 0);
		g_assert_cmpuint(caps->max_shared_bytes, ==, 16 << 10);
		g_assert_cmpuint(caps->max_binding_bytes, ==, 128 << 20);
	}
}

static void test_no_device(void)
{
	g_autoptr(GError) error = NULL;

	g_assert_null(gpu_open(&(gpu_options){.device = "ffffffff-no-such-device"}, &error));
	g_assert_error(error, GPU_ERROR, GPU_ERROR_UNAVAILABLE);
	g_assert_nonnull(strstr(error->message, "ffffffff-no-such-device"));
}

/* In a process of its own, because the loader reads its environment when it is first used. */
static void test_no_driver(void)
{
	if (g_test_subprocess()) {
		GError *error = NULL;
		g_setenv("VK_ICD_FILENAMES", "/nonexistent", TRUE);
		g_setenv("VK_DRIVER_FILES", "/nonexistent", TRUE);
		g_assert_null(gpu_open(NULL, &error));
		g_assert_error(error, GPU_ERROR, GPU_ERROR_UNAVAILABLE);
		g_printerr("%s\n", error->message);
		g_clear_error(&error);
		g_assert_null(gpu_list(&error));
		g_assert_error(error, GPU_ERROR, GPU_ERROR_UNAVAILABLE);
		return;
	}
	g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
	g_test_trap_assert_passed();
	g_test_trap_assert_stderr("*No Vulkan driver was found*mesa-vulkan-drivers*");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/vk/list/no-driver", test_no_driver);
	g_test_add_func("/vk/list/dedupe", test_dedupe);
	g_test_add_func("/vk/list/pick", test_pick);
	g_test_add_func("/vk/list/quirks", test_quirks);
	g_test_add_func("/vk/list/real", test_list);
	g_test_add_func("/vk/list/no-device", test_no_device);
	if (!g_test_subprocess())
		add_device_tests("/vk/caps", test_caps);
	return g_test_run();
}
