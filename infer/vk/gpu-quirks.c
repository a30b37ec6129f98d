/* Driver faults as data. An entry states what was seen, where, and what is switched off for it. */
#include "infer/vk/gpu-list.h"

#define ANY 0u

static const struct {
	uint32_t vendor_id, device_id; /* ANY matches all */
	VkDriverId driver;             /* 0 matches all */
	uint32_t fixed_in;             /* driver versions from here on are sound; 0: none is */
	unsigned quirks;
} table[] = {
	/* Vivante reports 16-bit types that ncnn found wrong and switches off:
     * https://github.com/Tencent/ncnn/blob/master/src/gpu.cpp (device blacklist after the feature query). */
	{0x10001, ANY, 0, 0, GPU_QUIRK_NO_F16_STORAGE | GPU_QUIRK_NO_F16_MATH},
};

unsigned gpu_quirks_for(uint32_t vendor_id, uint32_t device_id, VkDriverId driver, uint32_t driver_version)
{
	unsigned quirks = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
		if (table[i].vendor_id != ANY && table[i].vendor_id != vendor_id)
			continue;
		if (table[i].device_id != ANY && table[i].device_id != device_id)
			continue;
		if (table[i].driver != 0 && table[i].driver != driver)
			continue;
		if (table[i].fixed_in != 0 && driver_version >= table[i].fixed_in)
			continue;
		quirks |= table[i].quirks;
	}
	return quirks;
}
