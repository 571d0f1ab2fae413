// SPDX-License-Identifier: GPL-2.0-only
/* What the network above the driver sees of its devices. */
#include "vnickit.h"

#include <linux/init.h>
#include <linux/netdevice.h>
#include <net/net_namespace.h>

static bool ours(const struct net_device *device)
{
	return device->dev.parent && device->dev.parent->bus == &vio_bus_type;
}

static enum vnickit_netdev_event event_code(unsigned long event)
{
	switch (event) {
	case NETDEV_REGISTER:
		return VNICKIT_REGISTERED;
	case NETDEV_UNREGISTER:
		return VNICKIT_UNREGISTERED;
	case NETDEV_UP:
		return VNICKIT_UP;
	case NETDEV_DOWN:
		return VNICKIT_DOWN;
	case NETDEV_CHANGE:
		return VNICKIT_CHANGED;
	case NETDEV_CHANGEMTU:
		return VNICKIT_MTU;
	case NETDEV_CHANGEADDR:
		return VNICKIT_ADDRESS;
	case NETDEV_CHANGENAME:
		return VNICKIT_RENAMED;
	case NETDEV_NOTIFY_PEERS:
		return VNICKIT_PEERS_NOTIFIED;
	}
	return 0;
}

static void tell(const struct net_device *device, enum vnickit_netdev_event event)
{
	struct vnickit_call call = {
		.opcode = VNICKIT_NETDEV,
		.arg = {
			event, device->ifindex, device->flags, netif_carrier_ok(device), device->mtu,
			device->real_num_tx_queues, device->real_num_rx_queues,
		},
	};
	struct vnickit_answer answer;

	/* Without its last byte, which is a NUL, a name is two arguments. */
	BUILD_BUG_ON(IFNAMSIZ != 2 * sizeof(u64));
	memcpy(&call.arg[7], device->name, IFNAMSIZ);
	vnickit_call(&call, &answer);
}

static int seen(struct notifier_block *block, unsigned long event, void *info)
{
	struct net_device *device = netdev_notifier_info_to_dev(info);

	if (ours(device) && event_code(event))
		tell(device, event_code(event));
	return NOTIFY_DONE;
}

static struct notifier_block block = { .notifier_call = seen };

static int __init watch(void)
{
	return register_netdevice_notifier(&block);
}
device_initcall(watch);

static void count(struct net_device *device)
{
	struct rtnl_link_stats64 counted;
	struct vnickit_call call = { .opcode = VNICKIT_COUNTS };
	struct vnickit_answer answer;

	dev_get_stats(device, &counted);
	call.arg[0] = device->ifindex;
	call.arg[1] = counted.rx_packets;
	call.arg[2] = counted.tx_packets;
	call.arg[3] = counted.rx_bytes;
	call.arg[4] = counted.tx_bytes;
	call.arg[5] = counted.rx_dropped;
	call.arg[6] = counted.tx_dropped;
	call.arg[7] = counted.rx_errors;
	call.arg[8] = counted.tx_errors;
	vnickit_call(&call, &answer);
}

/* Events come late where a reset holds the lock that they need; a look needs none. */
void vnickit_look(void)
{
	struct net_device *device;
	struct net *net;

	rcu_read_lock();
	for_each_net_rcu(net)
		for_each_netdev_rcu(net, device)
			if (ours(device)) {
				tell(device, VNICKIT_SEEN);
				count(device);
			}
	rcu_read_unlock();
}
