/* A kernel is SPIR-V, binding layout and specialisation constants made into one pipeline. */
#include "infer/vk/gpu-private.h"
#include <glib/gi18n-lib.h>

#define MAX_SPEC 32

VkDescriptorType gpu_binding_type(const gpu_kernel *k, uint32_t binding)
{
	return k->texels >> binding & 1 ? VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER : VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
}

uint32_t gpu_texel_bytes(const gpu_kernel *k, uint32_t binding)
{
	return k->texels_u32 >> binding & 1 ? 4 : k->texels_f16 >> binding & 1 ? 8 : 16;
}

static VkResult make_layouts(gpu *dev, gpu_kernel *k)
{
	VkDescriptorSetLayoutBinding bindings[GPU_MAX_BINDINGS];
	VkDescriptorSetLayoutCreateInfo set = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
	                                       .bindingCount = k->n_bindings,
	                                       .pBindings = bindings};
	VkPushConstantRange push = {.stageFlags = VK_SHADER_STAGE_COMPUTE_BIT, .size = k->push_bytes};
	VkPipelineLayoutCreateInfo layout = {.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
	                                     .setLayoutCount = 1,
	                                     .pSetLayouts = &k->set_layout,
	                                     .pushConstantRangeCount = k->push_bytes ? 1 : 0,
	                                     .pPushConstantRanges = &push};

	for (uint32_t b = 0; b < k->n_bindings; b++)
		bindings[b] = (VkDescriptorSetLayoutBinding){.binding = b,
		                                             .descriptorCount = 1,
		                                             .descriptorType = gpu_binding_type(k, b),
		                                             .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT};
	VkResult result = vkCreateDescriptorSetLayout(dev->device, &set, NULL, &k->set_layout);
	return result == VK_SUCCESS ? vkCreatePipelineLayout(dev->device, &layout, NULL, &k->layout) : result;
}

static VkResult make_pipeline(gpu *dev, gpu_kernel *k, const gpu_kernel_desc *desc)
{
	VkSpecializationMapEntry entries[MAX_SPEC];
	VkSpecializationInfo spec = {desc->n_spec, entries, desc->n_spec * sizeof(uint32_t), desc->spec};
	VkPipelineShaderStageRequiredSubgroupSizeCreateInfo size = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO,
		.requiredSubgroupSize = desc->subgroup};
	VkShaderModuleCreateInfo code = {
		.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO, .codeSize = desc->spirv_bytes, .pCode = desc->spirv};
	VkComputePipelineCreateInfo info = {.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
	                                    .stage = {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
	                                              .stage = VK_SHADER_STAGE_COMPUTE_BIT,
	                                              .pName = "main",
	                                              .pSpecializationInfo = desc->n_spec ? &spec : NULL,
	                                              .pNext = desc->subgroup && dev->can_subgroup_size ? &size : NULL},
	                                    .layout = k->layout};
	VkShaderModule module;

	for (uint32_t i = 0; i < desc->n_spec; i++)
		entries[i] = (VkSpecializationMapEntry){i, i * (uint32_t)sizeof(uint32_t), sizeof(uint32_t)};
	VkResult result = vkCreateShaderModule(dev->device, &code, NULL, &module);
	if (result != VK_SUCCESS)
		return result;
	info.stage.module = module;
	result = vkCreateComputePipelines(dev->device, dev->cache, 1, &info, NULL, &k->pipeline);
	vkDestroyShaderModule(dev->device, module, NULL);
	return result;
}

static bool desc_fits(const gpu *dev, const gpu_kernel_desc *desc, GError **error)
{
	const char *what = NULL;

	if (desc->n_bindings > GPU_MAX_BINDINGS)
		what = "more than 8 buffers";
	else if (desc->push_bytes > dev->caps.max_push_bytes || desc->push_bytes % 4)
		what = "too many push constant bytes";
	else if (desc->texels && dev->caps.max_texels == 0)
		what = "texel buffers";
	else if (desc->n_spec > MAX_SPEC)
		what = "too many specialisation constants";
	else if (desc->subgroup && (desc->subgroup < dev->caps.subgroup_min || desc->subgroup > dev->caps.subgroup_max))
		what = "a subgroup size the device does not have";
	if (what)
		g_set_error(error, GPU_ERROR, GPU_ERROR_FAILED,
		            _("The kernel “%s” asks for %s on “%s”; this is a fault of the program"), desc->name, what,
		            dev->info.name);
	return !what;
}

gpu_kernel *gpu_kernel_new(gpu *dev, const gpu_kernel_desc *desc, GError **error)
{
	if (dev->lost) {
		gpu_fail_lost(dev, error);
		return NULL;
	}
	if (!desc_fits(dev, desc, error))
		return NULL;
	gpu_kernel *k = g_new0(gpu_kernel, 1);
	k->dev = dev;
	k->writes = desc->writes;
	k->texels = desc->texels;
	k->texels_f16 = desc->texels_f16;
	k->texels_u32 = desc->texels_u32;
	k->n_bindings = desc->n_bindings;
	k->push_bytes = desc->push_bytes;
	g_strlcpy(k->name, desc->name, sizeof(k->name));
	VkResult result = make_layouts(dev, k);
	if (result == VK_SUCCESS)
		result = make_pipeline(dev, k, desc);
	dev->refs++;
	if (result != VK_SUCCESS) {
		g_autofree char *what = g_strdup_printf("kernel “%s”", desc->name);
		(void)gpu_check(dev, result, what, error);
		gpu_kernel_free(k);
		return NULL;
	}
	dev->cache_new++;
	return k;
}

void gpu_kernel_destroy(gpu_kernel *k)
{
	VkDevice device = k->dev->device;

	vkDestroyPipeline(device, k->pipeline, NULL);
	vkDestroyPipelineLayout(device, k->layout, NULL);
	vkDestroyDescriptorSetLayout(device, k->set_layout, NULL);
	g_free(k);
}

void gpu_kernel_free(gpu_kernel *k)
{
	if (!k)
		return;
	gpu *dev = k->dev;
	g_ptr_array_add(dev->dead_kernels, k);
	gpu_memory_collect(dev);
	gpu_close(dev);
}
