package postgres

import (
	"testing"

	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/porttest"
)

func TestOrderStore_Conformance(t *testing.T) {
	porttest.TestOrderStore(t, porttest.OrderHarness{New: func(t *testing.T) ports.OrderStore { return open(t).Orders() }})
}

func TestOrderStore_ConformanceUnderReplay(t *testing.T) {
	porttest.TestOrderStore(t, porttest.OrderHarness{New: func(t *testing.T) ports.OrderStore { return porttest.ReplayOrders(open(t).Orders()) }})
}

func TestTransactor_ConformanceOfOrders(t *testing.T) {
	porttest.TestTransactor(t, porttest.TxHarness[ports.OrderTx]{
		New:          func(t *testing.T) porttest.TxWorld[ports.OrderTx] { return porttest.OrderTx(open(t).Orders()) },
		ConcurrentTx: true,
	})
}
