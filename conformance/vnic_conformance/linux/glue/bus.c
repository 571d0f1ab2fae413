// SPDX-License-Identifier: GPL-2.0-only
/* A vio bus: what a driver of PowerVM's virtual devices expects of its platform. */
#include "vnickit.h"

#include <linux/export.h>
#include <linux/init.h>
#include <linux/dma-map-ops.h>
#include <linux/irqdomain.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

struct our_device {
	struct vio_dev vio;
	u8 mac[8];
};

static struct our_device *our(struct vio_dev *vio)
{
	return container_of(vio, struct our_device, vio);
}

static const struct vio_device_id *find_id(const struct device_driver *driver)
{
	const struct vio_device_id *id = to_vio_driver(driver)->id_table;

	for (; id && id->type[0]; id++)
		if (!strcmp(id->type, "network") && !strcmp(id->compat, "IBM,vnic"))
			return id;
	return NULL;
}

static int match(struct device *device, const struct device_driver *driver)
{
	return find_id(driver) != NULL;
}

static int probe(struct device *device)
{
	return to_vio_driver(device->driver)->probe(to_vio_dev(device), find_id(device->driver));
}

static void remove(struct device *device)
{
	struct vio_driver *driver = to_vio_driver(device->driver);

	if (driver->remove)
		driver->remove(to_vio_dev(device));
}

static void shutdown(struct device *device)
{
	if (device->driver && to_vio_driver(device->driver)->shutdown)
		to_vio_driver(device->driver)->shutdown(to_vio_dev(device));
}

const struct bus_type vio_bus_type = {
	.name = "vio",
	.match = match,
	.probe = probe,
	.remove = remove,
	.shutdown = shutdown,
};
EXPORT_SYMBOL(vio_bus_type);

static int __init register_bus(void)
{
	return bus_register(&vio_bus_type);
}
core_initcall(register_bus);

int __vio_register_driver(struct vio_driver *driver, struct module *owner, const char *module_name)
{
	driver->driver.name = driver->name;
	driver->driver.pm = driver->pm;
	driver->driver.bus = &vio_bus_type;
	driver->driver.owner = owner;
	driver->driver.mod_name = module_name;
	return driver_register(&driver->driver);
}
EXPORT_SYMBOL(__vio_register_driver);

void vio_unregister_driver(struct vio_driver *driver)
{
	driver_unregister(&driver->driver);
}
EXPORT_SYMBOL(vio_unregister_driver);

const void *vio_get_attribute(struct vio_dev *vio, char *which, int *length)
{
	if (strcmp(which, VETH_MAC_ADDR))
		return NULL;
	if (length)
		*length = 6;
	return our(vio)->mac;
}
EXPORT_SYMBOL(vio_get_attribute);

int vio_enable_interrupts(struct vio_dev *vio)
{
	return h_vio_signal(vio->unit_address, VIO_IRQ_ENABLE) == H_SUCCESS ? 0 : -EIO;
}
EXPORT_SYMBOL(vio_enable_interrupts);

int vio_disable_interrupts(struct vio_dev *vio)
{
	return h_vio_signal(vio->unit_address, VIO_IRQ_DISABLE) == H_SUCCESS ? 0 : -EIO;
}
EXPORT_SYMBOL(vio_disable_interrupts);

/* Cooperative memory overcommitment: the platform has none. */
void vio_cmo_set_dev_desired(struct vio_dev *vio, size_t desired)
{
}
EXPORT_SYMBOL(vio_cmo_set_dev_desired);

static void release(struct device *device)
{
	irq_dispose_mapping(to_vio_dev(device)->irq);
	kfree(our(to_vio_dev(device)));
}

int vnickit_add_device(const struct vnickit_device *wanted)
{
	struct our_device *made = kzalloc(sizeof(*made), GFP_KERNEL);
	struct vio_dev *vio;
	int rc;

	if (!made)
		return -ENOMEM;
	vio = &made->vio;
	memcpy(made->mac, wanted->mac, sizeof(made->mac));
	vio->name = "vnic";
	vio->type = "network";
	vio->unit_address = wanted->unit;
	vio->resource_id = wanted->unit;
	vio->irq = vnickit_map_source(wanted->source);
	vio->dev.bus = &vio_bus_type;
	vio->dev.release = release;
	vio->dev.coherent_dma_mask = DMA_BIT_MASK(32);
	vio->dev.dma_mask = &vio->dev.coherent_dma_mask;
	set_dma_ops(&vio->dev, &vnickit_dma_ops);
	dev_set_name(&vio->dev, "%x", wanted->unit);
	rc = device_register(&vio->dev);
	if (rc)
		put_device(&vio->dev);
	return rc;
}

int vnickit_remove_device(u32 unit)
{
	char name[12];
	struct device *device;

	snprintf(name, sizeof(name), "%x", unit);
	device = bus_find_device_by_name(&vio_bus_type, NULL, name);
	if (!device)
		return -ENODEV;
	device_unregister(device);
	put_device(device);
	return 0;
}
