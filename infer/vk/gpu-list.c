/* Instance and device list. A device may be offered by several drivers: it is listed once, with the better driver. */
#include "infer/vk/gpu-private.h"
#include <glib/gi18n-lib.h>
#include <string.h>

#define VALIDATION_LAYER "VK_LAYER_KHRONOS_validation"

/* Messages of the validation layer that are wrong or harmless: id and where that is discussed. Empty so far. */
static const struct {
	int32_t id;
	const char *link;
} allowed_messages[] = {
	{0, "sentinel: no message has the id 0"},
};

static VKAPI_ATTR VkBool32 VKAPI_CALL on_message(VkDebugUtilsMessageSeverityFlagBitsEXT severity,
                                                 VkDebugUtilsMessageTypeFlagsEXT types,
                                                 const VkDebugUtilsMessengerCallbackDataEXT *data, void *user)
{
	for (size_t i = 0; i < G_N_ELEMENTS(allowed_messages); i++)
		if (allowed_messages[i].id == data->messageIdNumber && data->messageIdNumber != 0)
			return VK_FALSE;
	g_printerr("Vulkan validation [%s, id %d]: %s\n", data->pMessageIdName ? data->pMessageIdName : "?",
	           data->messageIdNumber, data->pMessage);
	abort(); /* only with options.validation, that is in tests */
}

static bool has_extension(const char *layer, const char *name)
{
	uint32_t n = 0;

	if (vkEnumerateInstanceExtensionProperties(layer, &n, NULL) != VK_SUCCESS || n == 0)
		return false;
	g_autofree VkExtensionProperties *all = g_new0(VkExtensionProperties, n);
	vkEnumerateInstanceExtensionProperties(layer, &n, all);
	for (uint32_t i = 0; i < n; i++)
		if (g_str_equal(all[i].extensionName, name))
			return true;
	return false;
}

static bool has_layer(const char *name)
{
	uint32_t n = 0;

	if (vkEnumerateInstanceLayerProperties(&n, NULL) != VK_SUCCESS || n == 0)
		return false;
	g_autofree VkLayerProperties *all = g_new0(VkLayerProperties, n);
	vkEnumerateInstanceLayerProperties(&n, all);
	for (uint32_t i = 0; i < n; i++)
		if (g_str_equal(all[i].layerName, name))
			return true;
	return false;
}

static void fail_unavailable(GError **error)
{
	g_set_error(error, GPU_ERROR, GPU_ERROR_UNAVAILABLE,
	            _("No Vulkan driver was found on this machine; install one (Debian and Ubuntu: “apt install "
	              "mesa-vulkan-drivers”, or the driver package of the graphics card's maker)"));
}

VkInstance gpu_instance_new(bool validation, VkDebugUtilsMessengerEXT *messenger, GError **error)
{
	const char *extensions[3], *layer = VALIDATION_LAYER;
	const VkValidationFeatureEnableEXT sync = VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT;
	VkApplicationInfo app = {
		.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO, .pApplicationName = "nadir", .apiVersion = VK_API_VERSION_1_2};
	VkDebugUtilsMessengerCreateInfoEXT debug = {.sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT,
	                                            .messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT |
	                                                               VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT,
	                                            .messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT |
	                                                           VK_DEBUG_UTILS_MESSAGE_TYPE_PERFORMANCE_BIT_EXT,
	                                            .pfnUserCallback = on_message};
	VkValidationFeaturesEXT features = {.sType = VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT,
	                                    .pNext = &debug,
	                                    .enabledValidationFeatureCount = 1,
	                                    .pEnabledValidationFeatures = &sync};
	VkInstanceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
	                             .pApplicationInfo = &app,
	                             .ppEnabledExtensionNames = extensions};
	VkInstance instance = VK_NULL_HANDLE;

	*messenger = VK_NULL_HANDLE;
	if (has_extension(NULL, "VK_KHR_portability_enumeration")) {
		extensions[info.enabledExtensionCount++] = "VK_KHR_portability_enumeration";
		info.flags |= VK_INSTANCE_CREATE_ENUMERATE_PORTABILITY_BIT_KHR;
	}
	if (validation && !has_layer(VALIDATION_LAYER)) {
		g_set_error(error, GPU_ERROR, GPU_ERROR_UNAVAILABLE,
		            _("The Vulkan validation layer is not installed; install “vulkan-validationlayers”"));
		return VK_NULL_HANDLE;
	}
	if (validation) {
		info.enabledLayerCount = 1;
		info.ppEnabledLayerNames = &layer;
		info.pNext = &debug;
		extensions[info.enabledExtensionCount++] = VK_EXT_DEBUG_UTILS_EXTENSION_NAME;
		if (has_extension(VALIDATION_LAYER, VK_EXT_VALIDATION_FEATURES_EXTENSION_NAME)) {
			extensions[info.enabledExtensionCount++] = VK_EXT_VALIDATION_FEATURES_EXTENSION_NAME;
			info.pNext = &features;
		}
	}
	if (vkCreateInstance(&info, NULL, &instance) != VK_SUCCESS) {
		fail_unavailable(error);
		return VK_NULL_HANDLE;
	}
	if (validation) {
		PFN_vkCreateDebugUtilsMessengerEXT create =
			(PFN_vkCreateDebugUtilsMessengerEXT)vkGetInstanceProcAddr(instance, "vkCreateDebugUtilsMessengerEXT");
		if (create)
			create(instance, &debug, NULL, messenger);
	}
	return instance;
}

void gpu_instance_free(VkInstance instance, VkDebugUtilsMessengerEXT messenger)
{
	if (!instance)
		return;
	if (messenger) {
		PFN_vkDestroyDebugUtilsMessengerEXT destroy =
			(PFN_vkDestroyDebugUtilsMessengerEXT)vkGetInstanceProcAddr(instance, "vkDestroyDebugUtilsMessengerEXT");
		destroy(instance, messenger, NULL);
	}
	vkDestroyInstance(instance, NULL);
}

/* Lower is better among drivers of one device. A translation layer (Dozen: Vulkan on Direct3D 12) is the last resort.
 */
static int driver_rank(VkDriverId driver)
{
	static const VkDriverId order[] = {
		VK_DRIVER_ID_NVIDIA_PROPRIETARY,     VK_DRIVER_ID_MESA_RADV,
		VK_DRIVER_ID_AMD_OPEN_SOURCE,        VK_DRIVER_ID_AMD_PROPRIETARY,
		VK_DRIVER_ID_INTEL_OPEN_SOURCE_MESA, VK_DRIVER_ID_INTEL_PROPRIETARY_WINDOWS,
		VK_DRIVER_ID_QUALCOMM_PROPRIETARY,   VK_DRIVER_ID_MESA_TURNIP,
	};

	if (driver == VK_DRIVER_ID_MESA_DOZEN)
		return 100;
	for (size_t i = 0; i < G_N_ELEMENTS(order); i++)
		if (order[i] == driver)
			return (int)i;
	return 50;
}

static int type_rank(VkPhysicalDeviceType type)
{
	switch (type) {
	case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
		return 0;
	case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
		return 1;
	case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU:
		return 2;
	case VK_PHYSICAL_DEVICE_TYPE_CPU:
		return 4;
	default:
		return 3;
	}
}

static int compare_candidates(const void *pa, const void *pb)
{
	const gpu_candidate *a = pa, *b = pb;
	int by_type = type_rank(a->props.deviceType) - type_rank(b->props.deviceType);

	return by_type ? by_type : driver_rank(a->driver.driverID) - driver_rank(b->driver.driverID);
}

/* The same UUID from two drivers is one device; from one driver it is two devices (MoltenVK does that with equal
 * cards). */
void gpu_dedupe(GArray *candidates)
{
	g_array_sort(candidates, compare_candidates); /* stable enough: equal entries are told apart by nothing */
	for (guint i = 0; i < candidates->len; i++) {
		const gpu_candidate *kept = &g_array_index(candidates, gpu_candidate, i);
		for (guint j = candidates->len - 1; j > i; j--) {
			const gpu_candidate *other = &g_array_index(candidates, gpu_candidate, j);
			if (memcmp(kept->id.deviceUUID, other->id.deviceUUID, VK_UUID_SIZE) == 0 &&
			    kept->driver.driverID != other->driver.driverID)
				g_array_remove_index(candidates, j);
		}
	}
}

/* Only devices with Vulkan 1.2 and a compute queue count. */
static bool is_usable(VkPhysicalDevice physical)
{
	VkPhysicalDeviceProperties props;
	uint32_t n = 0;

	vkGetPhysicalDeviceProperties(physical, &props);
	if (props.apiVersion < VK_API_VERSION_1_2)
		return false;
	vkGetPhysicalDeviceQueueFamilyProperties(physical, &n, NULL);
	g_autofree VkQueueFamilyProperties *families = g_new0(VkQueueFamilyProperties, MAX(n, 1));
	vkGetPhysicalDeviceQueueFamilyProperties(physical, &n, families);
	for (uint32_t i = 0; i < n; i++)
		if (families[i].queueFlags & VK_QUEUE_COMPUTE_BIT)
			return true;
	return false;
}

GArray *gpu_candidates(VkInstance instance, GError **error)
{
	uint32_t n = 0;
	g_autoptr(GArray) list = g_array_new(FALSE, TRUE, sizeof(gpu_candidate));

	if (vkEnumeratePhysicalDevices(instance, &n, NULL) != VK_SUCCESS)
		n = 0;
	g_autofree VkPhysicalDevice *physical = g_new0(VkPhysicalDevice, MAX(n, 1));
	if (n > 0 && vkEnumeratePhysicalDevices(instance, &n, physical) < 0)
		n = 0;
	for (uint32_t i = 0; i < n; i++) {
		gpu_candidate c = {.physical = physical[i]};
		if (!is_usable(physical[i]))
			continue;
		c.driver.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES;
		c.id = (VkPhysicalDeviceIDProperties){.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES,
		                                      .pNext = &c.driver};
		VkPhysicalDeviceProperties2 props = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, .pNext = &c.id};
		vkGetPhysicalDeviceProperties2(physical[i], &props);
		c.props = props.properties;
		c.id.pNext = NULL;
		g_array_append_val(list, c);
	}
	if (list->len == 0) {
		fail_unavailable(error);
		return NULL;
	}
	gpu_dedupe(list);
	return g_steal_pointer(&list);
}

void gpu_fill_info(gpu_info *info, const gpu_candidate *c)
{
	const uint8_t *u = c->id.deviceUUID;

	memset(info, 0, sizeof(*info));
	g_strlcpy(info->name, c->props.deviceName, sizeof(info->name));
	g_snprintf(info->driver, sizeof(info->driver), "%s %s", c->driver.driverName, c->driver.driverInfo);
	g_strchomp(info->driver);
	for (int i = 0, at = 0; i < (int)VK_UUID_SIZE; i++) {
		at += g_snprintf(info->uuid + at, sizeof(info->uuid) - (gulong)at, "%02x", u[i]);
		if (i == 3 || i == 5 || i == 7 || i == 9)
			info->uuid[at++] = '-';
	}
	info->vendor_id = c->props.vendorID;
	info->device_id = c->props.deviceID;
	info->software = c->props.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU;
}

GPtrArray *gpu_list(GError **error)
{
	VkDebugUtilsMessengerEXT messenger;
	VkInstance instance = gpu_instance_new(false, &messenger, error);

	if (!instance)
		return NULL;
	g_autoptr(GArray) candidates = gpu_candidates(instance, error);
	GPtrArray *list = candidates ? g_ptr_array_new_with_free_func(g_free) : NULL;
	for (guint i = 0; candidates && i < candidates->len; i++) {
		gpu_info *info = g_new0(gpu_info, 1);
		gpu_fill_info(info, &g_array_index(candidates, gpu_candidate, i));
		g_ptr_array_add(list, info);
	}
	gpu_instance_free(instance, messenger);
	return list;
}

static bool matches(const gpu_candidate *c, guint index, const char *wish)
{
	gpu_info info;
	char *end = NULL;

	gpu_fill_info(&info, c);
	if (g_str_equal(wish, "software"))
		return info.software;
	guint64 number = g_ascii_strtoull(wish, &end, 10);
	if (g_ascii_isdigit(wish[0]) && *end == '\0' && end - wish <= 3)
		return number == index;
	return strlen(wish) >= 4 && g_ascii_strncasecmp(info.uuid, wish, strlen(wish)) == 0;
}

int gpu_pick(GArray *candidates, const char *wish, GError **error)
{
	if (!wish)
		return 0; /* sorted: real devices first, a software device only when nothing else exists */
	for (guint i = 0; i < candidates->len; i++)
		if (matches(&g_array_index(candidates, gpu_candidate, i), i, wish))
			return (int)i;
	g_set_error(error, GPU_ERROR, GPU_ERROR_UNAVAILABLE,
	            _("There is no graphics device “%s”; “nadir devices” lists the numbers and UUIDs that can be given"),
	            wish);
	return -1;
}
